"""`python -m benchmarks.cuda_report`: the CUDA kernels as machine code, without a GPU."""
