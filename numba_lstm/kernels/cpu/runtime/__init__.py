"""How kernels run: memory, tasks, task graphs, the executor and its threads."""
