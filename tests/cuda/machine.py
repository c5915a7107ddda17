"""The machine code of a kernel, its shared memory, the contexts of its threads, its arguments, and a time limit."""

import ctypes
import signal
import threading
import time

import llvmlite.binding as llvm
import numpy as np
from emulation import DYNAMIC, support
from numba import types
from translation import host_text, kernel_ir, shared_names

LIBC = ctypes.CDLL(None)
ACTION = 256  #: bytes of a struct sigaction, and more
FAULTS = signal.SIGSEGV, signal.SIGBUS
CONTEXT, STACK = 8192, 96 * 1024  #: bytes of a ucontext_t (968 on x86-64, 4560 on aarch64) and of a thread's stack
UNTOUCHED = b"\xff" * DYNAMIC

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
LIBC.makecontext.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
LIBC.getcontext.argtypes = [ctypes.c_void_p]
LIBC.swapcontext.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
LIBC.memcmp.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
LIBC.signal.argtypes, LIBC.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p


class Code:
    """The machine code of a kernel for this processor."""

    def __init__(self, kernel):
        modules, entry = kernel_ir(kernel)
        texts = [host_text(text) for text in modules]
        texts.append(support(texts, entry))
        # A launch in a test takes a millisecond: fast compilation matters more than fast code.
        machine = llvm.Target.from_default_triple().create_target_machine(opt=0)
        module = llvm.parse_assembly(texts[0])
        for text in texts[1:]:
            module.link_in(llvm.parse_assembly(text))
        module.verify()
        sizes = dict.fromkeys(shared_names(texts), 0)
        for name in sizes:
            sizes[name] = machine.target_data.get_abi_size(module.get_global_variable(name).global_value_type)
        passes = llvm.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
        self.engine = llvm.create_mcjit_compiler(module, machine)
        self.engine.finalize_object()
        self.kernel = kernel
        self.waits = any(_waits(text) for text in texts[:-1])
        self.shared = [(self._at(name), size) for name, size in sizes.items()]
        self.dynamic = self._at("check.dynamic")
        self.self, self.main, self.here = (
            ctypes.c_void_p.from_address(self._at(f"check.{n}")) for n in ("self", "main", "here")
        )
        self.sizes = [(ctypes.c_int32 * 3).from_address(self._at(f"check.{n}")) for n in ("nctaid", "ntid")]
        self.records = ctypes.c_void_p.from_address(self._at("check.records"))
        self.count = ctypes.c_int64.from_address(self._at("check.count"))
        self.size = ctypes.c_int32.from_address(self._at("check.size"))
        self.arguments = self._at("check.arguments")
        self.thread = self.engine.get_function_address("check.thread")
        self.late, self.fault = (self.engine.get_function_address(f"check.{name}") for name in ("late", "fault"))
        turn = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        self.turn = turn(self.engine.get_function_address("check.turn"))
        self.threads = self.engine.get_function_address("check.threads")

    def _at(self, name):
        return self.engine.get_global_value_address(name)


def _waits(text):
    return any(f"call {what}" in text.replace('"', "") for what in (
        "void @check.barrier", "void @check.poll", "{i32, i1} @check.", "void @check.bar.warp", "i32 @cudaCGSynchronize"
    ))  # fmt: skip


class Shared:
    """Shared memory. The code has one copy, which holds that of the running block."""

    def __init__(self, code, requested):
        self.buffers = [*code.shared, (code.dynamic, max(requested, 16))]
        self.beyond = (code.dynamic + requested, DYNAMIC - requested)
        self.forget()
        ctypes.memset(self.beyond[0], 0xFF, self.beyond[1])

    def forget(self):
        """Forget the memory of all blocks: others begin."""
        self.saved = {}
        self.turn = None

    def load(self, block):
        """Load the memory of ``block``."""
        if block == self.turn:
            return
        if self.turn is not None:
            self.saved[self.turn] = [ctypes.string_at(*buffer) for buffer in self.buffers]
        for k, (address, size) in enumerate(self.buffers):
            if block in self.saved:
                ctypes.memmove(address, self.saved[block][k], size)
            else:
                ctypes.memset(address, 0xFF, size)
        self.turn = block

    def check(self):
        """Check that no byte beyond the dynamic shared memory of the launch was written."""
        address, size = self.beyond
        if LIBC.memcmp(address, UNTOUCHED, size):
            raise IndexError("the kernel wrote beyond the shared memory that the launch asked for.")


class Stacks:
    """Contexts and stacks, reused by all launches."""

    def __init__(self):
        self.count = 0

    def take(self, count):
        """Return the addresses of ``count`` contexts and their stacks."""
        if count > self.count:
            self.contexts = np.empty(count * CONTEXT + 64, np.uint8)
            self.memory = np.empty(count * STACK + 64, np.uint8)
            self.count = count
        first, stack = ((a.ctypes.data + 63) // 64 * 64 for a in (self.contexts, self.memory))
        return [(first + k * CONTEXT, stack + k * STACK) for k in range(count)]


def begin(context, function):
    """Initialize a context that runs ``function`` on its stack."""
    address, stack = context
    LIBC.getcontext(address)
    ctypes.c_void_p.from_address(address + 8).value = None  # uc_link
    ctypes.c_void_p.from_address(address + 16).value = stack
    ctypes.c_size_t.from_address(address + 32).value = STACK
    LIBC.makecontext(address, function, 0)


class Watch:
    """Stops a thread that never ends, or accesses unmapped memory: a signal makes it yield."""

    def __init__(self, code, limit):
        self.code, self.limit, self.over = code, limit, threading.Event()

    def __enter__(self):
        self.before = [(number, ctypes.create_string_buffer(ACTION)) for number in (signal.SIGUSR2, *FAULTS)]
        for number, action in self.before:
            LIBC.sigaction(number, None, action)
            LIBC.signal(number, self.code.fault if number in FAULTS else self.code.late)
        thread = threading.get_ident()
        self.watcher = threading.Thread(target=self._watch, args=(thread, time.process_time()), daemon=True)
        self.watcher.start()

    def __exit__(self, *_):
        self.over.set()
        self.watcher.join()
        for number, action in self.before:
            LIBC.sigaction(number, action, None)

    def _watch(self, thread, began):
        while not self.over.wait(0.5):
            if time.process_time() - began > self.limit:
                signal.pthread_kill(thread, signal.SIGUSR2)


def words(kinds, args):
    """Return the arguments of a kernel as 64-bit words."""
    if len(kinds) != len(args):
        raise TypeError(f"the kernel takes {len(kinds)} arguments, got {len(args)}.")
    found = []
    for kind, arg in zip(kinds, args, strict=True):
        if isinstance(kind, types.Array):
            if arg.ndim != kind.ndim or types.Array(kind.dtype, arg.ndim, "C").dtype.name != _name(arg.dtype):
                raise TypeError(f"an argument is {arg.dtype} of {arg.ndim} axes, the kernel takes {kind}.")
            found += [0, 0, arg.size, arg.itemsize, arg.ctypes.data, *arg.shape, *arg.strides]
        else:
            raw = np.asarray(arg).astype(np.dtype(str(kind))).tobytes()
            found.append(int.from_bytes(raw.ljust(8, b"\0"), "little", signed=True))
    return np.array(found, np.int64)


def _name(dtype):
    return "bool" if dtype == np.bool_ else dtype.name
