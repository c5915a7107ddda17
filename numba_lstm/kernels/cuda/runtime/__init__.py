"""How kernels run: compilation, the driver, device memory and launches."""
