"""Instructions of a step on a Cortex-M7, counted by QEMU, and the bytes of flash and RAM that it takes."""
