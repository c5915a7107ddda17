"""Checks of what is exported, before anything is computed or written."""

from __future__ import annotations

import re
from typing import Any

from ..device import stream_exporter
from ..layers.base.planning import overridden_method
from ..models import Model
from ..models.plans.step_graph import StepGraph

#: Characters of a name: those of its longest file, and of a folder beside it, are below 256.
LONGEST = 100

#: Words that are no names of types in C or C++ programs, or none of targets in CMake.
_WORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept
    const const_cast consteval constexpr constinit continue co_await co_return co_yield decltype default delete do double
    dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace new
    noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires restrict return
    short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
    typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
    argc argv main std offsetof linux unix
    all clean edit_cache help install list_install_components package package_source rebuild_cache test
    ALL_BUILD INSTALL PACKAGE RUN_TESTS ZERO_CHECK
"""

#: Headers of C, which a header of the same name would hide.
_HEADERS = """
    assert complex ctype errno features fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
    stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar unistd wchar wctype
"""

#: Functions, types and variables that programs get from these headers. Those of math.h have others that end in f and l.
_LIBRARY = """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp2 exp10 expm1 fabs fdim finite
    floor fma fmax fmin fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 logb lrint
    lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint round scalb scalbln scalbn significand sin sincos
    sinh sqrt tan tanh tgamma trunc y0 y1 yn fpclassify isfinite isgreater isgreaterequal isinf isless islessequal
    islessgreater isnan isnormal isunordered signbit signgam BUFSIZ EOF FILE INFINITY NAN NULL clearerr ctermid dprintf fclose
    fdopen feof ferror fflush fgetc fgetpos fgets fileno flockfile fmemopen fopen fprintf fputc fputs fread freopen fscanf
    fseek fseeko fsetpos ftell ftello ftrylockfile funlockfile fwrite getc getchar getdelim getline gets getw open_memstream
    pclose perror popen printf putc putchar puts putw remove rename renameat rewind scanf setbuf setbuffer setlinebuf setvbuf
    snprintf sprintf sscanf stderr stdin stdout tempnam tmpfile tmpnam ungetc vdprintf vfprintf vfscanf vprintf vscanf
    vsnprintf vsprintf vsscanf va_list va_start va_arg va_end va_copy a64l abort abs aligned_alloc alloca arc4random
    arc4random_buf arc4random_uniform at_quick_exit atexit atof atoi atol atoll bsearch calloc clearenv div drand48 ecvt
    erand48 exit fcvt free gcvt getenv getloadavg getsubopt initstate jrand48 l64a labs lcong48 ldiv llabs lldiv lrand48
    malloc mblen mbstowcs mbtowc mkdtemp mkstemp mkstemps mktemp mrand48 nrand48 on_exit posix_memalign putenv qecvt qfcvt
    qgcvt qsort quick_exit rand random realloc reallocarray realpath rpmatch seed48 select pselect setenv setstate srand
    srand48 srandom strtod strtof strtol strtold strtoll strtoq strtoul strtoull strtouq system unsetenv valloc wcstombs
    wctomb drand48_data random_data timespec timeval bcmp bcopy bzero explicit_bzero ffs ffsl ffsll index memccpy memchr
    memcmp memcpy memmem memmove mempcpy memset rindex stpcpy stpncpy strcasecmp strcat strchr strcmp strcoll strcpy strcspn
    strdup strerror strlcat strlcpy strlen strncasecmp strncat strncmp strncpy strndup strnlen strpbrk strrchr strsep
    strsignal strspn strstr strtok strxfrm be16toh be32toh be64toh htobe16 htobe32 htobe64 htole16 htole32 htole64 le16toh
    le32toh le64toh asctime clock ctime difftime gmtime localtime mktime nanosleep raise strftime tm isalnum isalpha isblank
    iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit tolower toupper access alarm chdir close dup
    environ execv execve fork getpid kill link longjmp lseek pause pipe read sleep swab sync truncate unlink usleep vfork wait
    write u_char u_int u_long u_short uint ulong ushort atomic cnd mtx sem
"""

_NAMES = frozenset((_WORDS + _HEADERS + _LIBRARY).split())

#: Ends of names of the C library: of float and long double, with a state of the caller, of a locale, without a lock.
_ENDS = re.compile(r"(f|l|_r|_l|_unlocked|f_r|l_r|f(16|32|64|128)x?)$")


def is_reserved(name: str) -> bool:
    """Return whether a name has another meaning in the programs of a library. All that end in _t are reserved by POSIX."""
    return name in _NAMES or name.startswith("test_") or name.endswith("_t") or _ENDS.sub("", name) in _NAMES


def check_name(name: str) -> str:
    """Return a prefix of C functions; ValueError for anything else."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(f"name is the prefix of C functions, letters, digits and _, got {name!r}. Take 'net' for example.")
    if len(name) > LONGEST:
        raise ValueError(f"name is the prefix of files and C functions, at most {LONGEST} characters, got {len(name)}.")
    if is_reserved(name):
        raise ValueError(
            f"name is the prefix of C functions, and {name!r} is a word of C, C++ or CMake, or a name of the C "
            "library or of the test program. Take 'net' for example."
        )
    return name


def targets() -> list[str]:
    """Return the names of the targets."""
    return ["host", *stream_exporter().TARGETS]


def check_target(target: str) -> None:
    """Raise ValueError for an unknown target."""
    if target not in targets():
        raise ValueError(f"target must be one of {', '.join(map(repr, targets()))}, got {target!r}.")


def check_weights(weights: str) -> str:
    """Return where the weights are."""
    if weights not in ("embedded", "file"):
        raise ValueError(f"weights must be 'embedded' or 'file', got {weights!r}.")
    return weights


def check_exportable(model: Model, rows: int, max_steps: int | None) -> None:
    """Raise ValueError or NotImplementedError for a model that cannot be exported."""
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, got {type(model).__name__}.")
    if not model.built:
        raise ValueError(f"{model.name} is not built yet. Call it on data, or add an Input, before exporting.")
    for of_model in model.execution.calls:
        if of_model.arguments.get("use_causal_mask") and max_steps is None:
            layer = of_model.layer
            raise NotImplementedError(
                f"{layer.name} ({type(layer).__name__}) cannot be exported without a bound: it keeps the keys and values of "
                "all steps. Give max_steps=1000, or as many steps as there will be at most."
            )
    graph = StepGraph(model, max_steps)
    for call in graph.calls:
        layer = call.call.layer
        shape = layer.built_shape
        batch = shape[0] if isinstance(shape, tuple) and shape and not isinstance(shape[0], tuple) else None
        if getattr(layer, "stateful", False) and batch not in (None, rows):
            raise ValueError(
                f"{layer.name} ({type(layer).__name__}) is stateful for batches of {batch}, and rows is {rows}. "
                f"Give rows={batch}, or export a model whose layer is not stateful."
            )
        for owner in layer.owners():
            cls, method = overridden_method(type(owner))  # type: ignore[arg-type]  # mypy: hash of classes
            if cls:
                raise NotImplementedError(
                    f"{layer.name} ({type(layer).__name__}) cannot be exported: {cls}.{method} is Python, which a C library "
                    "does not run. Compute it in a function of numba_lstm.ops."
                )


def refuse_host_calls(layer: Any) -> None:
    """Raise NotImplementedError if the calls of a layer that were just recorded have functions of NumPy among them."""
    if found := stream_exporter().host_calls():
        raise NotImplementedError(
            f"{layer.name} ({type(layer).__name__}) cannot be exported: its step calls {found[0]} of NumPy. "
            "Compute it before the model, and export the rest."
        )
