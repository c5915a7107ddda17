"""The README and the CMake project of a C library."""

from __future__ import annotations

from .header import Interface

_COMPILERS = {
    "aarch64": "aarch64-linux-gnu-gcc",
    "armv7": "arm-linux-gnueabihf-gcc",
    "cortex-m4": "arm-none-eabi-gcc -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 --specs=rdimon.specs",
    "cortex-m7": "arm-none-eabi-gcc -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16 --specs=rdimon.specs",
    "riscv64": "riscv64-linux-gnu-gcc",
    "wasm32": "clang --target=wasm32-wasi",
    "windows-x86_64": "x86_64-w64-mingw32-gcc",
    "macos-arm64": "clang -arch arm64",
}


def compile_line(library: Interface, object_name: str) -> str:
    """Return the command that compiles the test program."""
    compiler = _COMPILERS.get(library.target, "cc")
    return f"{compiler} -O2 -o {library.name}_test {library.name}_test.c {object_name}"


def readme(library: Interface, object_name: str) -> str:
    """Return the README of a library."""
    name = library.name
    weights = "" if library.weights is None else f"| `{name}.bin` | the weights, which the program gives to `{name}_init` |\n"
    archive = f"| `{name}.a` | the same as a static library |\n" if library.is_elf else ""
    return f"""\
# {name}

The model {library.model!r} as a C library for {library.target}. `{name}.h` documents the functions.

| file | content |
|---|---|
| `{name}.h` | the functions, and sizes as macros |
| `{object_name}` | the library: compiled code{" and weights" if library.weights is None else ""} |
{archive}{weights}| `{name}_test.c` | compares recorded outputs bit by bit |
| `CMakeLists.txt` | the library `{name}` and the test for CMake |

```bash
{compile_line(library, object_name)}
./{name}_test
```
"""


def cmake(library: Interface, object_name: str) -> str:
    """Return the CMake project of a library."""
    name = library.name
    weights = "" if library.weights is None else f" ${{CMAKE_CURRENT_SOURCE_DIR}}/{name}.bin"
    return f"""\
cmake_minimum_required(VERSION 3.12)
project({name} C)

add_library({name} INTERFACE)
target_include_directories({name} INTERFACE ${{CMAKE_CURRENT_SOURCE_DIR}})
target_link_libraries({name} INTERFACE ${{CMAKE_CURRENT_SOURCE_DIR}}/{object_name})

if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
  enable_testing()
  add_executable({name}_test {name}_test.c)
  target_link_libraries({name}_test PRIVATE {name})
  add_test(NAME {name}_test COMMAND {name}_test{weights})
endif()
"""
