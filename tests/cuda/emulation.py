"""GPU intrinsics as LLVM IR for this processor: thread indices, barriers, shuffles, grids.

A thread that must wait stores an event with its operands in its record and yields (``check.yield``). The executor decides which
thread continues, and with what result.
"""

import re

#: The largest dynamic shared memory of a block (227 KiB on sm_90).
DYNAMIC = 227 * 1024

#: The 64-bit words of the record of a thread. The code of the kernel writes those from EVENT on.
TID, CTAID, EVENT, SITE, OPERANDS, ANSWER = 0, 3, 6, 7, 8, 12
RECORD = 16
ENDED, BLOCK, GRID, SHUFFLE, WARP, VOTE, POLL, LATE, FAULT = range(9)

SIGSEGV = 11

#: Functions of libdevice that libm lacks: type, arguments, body (the result is %a), and the functions that it calls.
EMULATED = {
    "rsqrtf": ("float", "float %x", "%r = call float @sqrtf(float %x)\n %a = fdiv float 1.0, %r", "float @sqrtf(float)"),
    "rsqrt": ("double", "double %x", "%r = call double @sqrt(double %x)\n %a = fdiv double 1.0, %r", "double @sqrt(double)"),
}  # fmt: skip


def _register(name, word):
    return f"""
define i32 @"check.read.ptx.sreg.{name}"() {{
  %self = load ptr, ptr @check.self
  %place = getelementptr i64, ptr %self, i64 {word}
  %value = load i64, ptr %place
  %small = trunc i64 %value to i32
  ret i32 %small
}}"""


def _size(name, axis):
    return f"""
define i32 @"check.read.ptx.sreg.{name}.{"xyz"[axis]}"() {{
  %place = getelementptr i32, ptr @check.{name}, i64 {axis}
  %value = load i32, ptr %place
  ret i32 %value
}}"""


def _event(kind, operands=()):
    """Return IR that stores an event with its operands (i64 values) in the record of the thread and yields."""
    lines = ["%self = load ptr, ptr @check.self"]
    for k, (word, value) in enumerate([(EVENT, kind), *zip(range(SITE, SITE + 5), operands, strict=False)]):
        lines += [f"%p{k} = getelementptr i64, ptr %self, i64 {word}", f"store i64 {value}, ptr %p{k}"]
    return "\n  ".join([*lines, "call void @check.yield()"])


def _leave(kind):
    """Return IR of a signal handler: the running thread stops for good. If none runs, the code continues at ``outside``."""
    return f"""%self = load ptr, ptr @check.self
  %none = icmp eq ptr %self, null
  br i1 %none, label %outside, label %leave
leave:
  %place = getelementptr i64, ptr %self, i64 {EVENT}
  store i64 {kind}, ptr %place
  %main = load ptr, ptr @check.main
  %r = call i32 @setcontext(ptr %main)
  unreachable"""


SUPPORT = f"""
@check.self = global ptr null
@check.main = global ptr null
@check.here = global ptr null
@check.size = global i32 0
@check.ntid = global [3 x i32] zeroinitializer
@check.nctaid = global [3 x i32] zeroinitializer
declare i32 @swapcontext(ptr, ptr)
declare i32 @setcontext(ptr)
declare ptr @signal(i32, ptr)
define void @check.yield() noinline {{
  %here = load ptr, ptr @check.here
  %main = load ptr, ptr @check.main
  %r = call i32 @swapcontext(ptr %here, ptr %main)
  ret void
}}
define void @check.barrier(i64 %site) noinline {{
  {_event(BLOCK, ["%site"])}
  ret void
}}
define void @check.poll() noinline {{
  {_event(POLL)}
  ret void
}}
define i64 @cudaCGGetIntrinsicHandle(i32 %x) {{
  ret i64 1
}}
define i32 @cudaCGSynchronize(i64 %handle, i32 %flags) noinline {{
  {_event(GRID)}
  ret i32 0
}}
define {{i32, i1}} @"check.shfl.sync.i32"(i32 %mask, i32 %mode, i32 %value, i32 %b, i32 %c) noinline {{
  %m = zext i32 %mask to i64
  %o = zext i32 %mode to i64
  %v = zext i32 %value to i64
  %w = zext i32 %b to i64
  {_event(SHUFFLE, ["%m", "%o", "%v", "%w"])}
  %again = load ptr, ptr @check.self
  %pa = getelementptr i64, ptr %again, i64 {ANSWER}
  %answer = load i64, ptr %pa
  %small = trunc i64 %answer to i32
  %high = lshr i64 %answer, 32
  %inside = trunc i64 %high to i1
  %s0 = insertvalue {{i32, i1}} undef, i32 %small, 0
  %s1 = insertvalue {{i32, i1}} %s0, i1 %inside, 1
  ret {{i32, i1}} %s1
}}
define {{i32, i1}} @"check.vote.sync"(i32 %mask, i32 %mode, i1 %predicate) noinline {{
  %m = zext i32 %mask to i64
  %o = zext i32 %mode to i64
  %v = zext i1 %predicate to i64
  {_event(VOTE, ["%m", "%o", "%v"])}
  %again = load ptr, ptr @check.self
  %pa = getelementptr i64, ptr %again, i64 {ANSWER}
  %answer = load i64, ptr %pa
  %small = trunc i64 %answer to i32
  %some = icmp ne i64 %answer, 0
  %s0 = insertvalue {{i32, i1}} undef, i32 %small, 0
  %s1 = insertvalue {{i32, i1}} %s0, i1 %some, 1
  ret {{i32, i1}} %s1
}}
define void @"check.bar.warp.sync"(i32 %mask) noinline {{
  %m = zext i32 %mask to i64
  {_event(WARP, ["%m"])}
  ret void
}}
define void @"check.membar.gl"() {{
  ret void
}}
define void @"check.membar.cta"() {{
  ret void
}}
define i32 @"check.read.ptx.sreg.laneid"() {{
  %self = load ptr, ptr @check.self
  %place = getelementptr i64, ptr %self, i64 {RECORD - 1}
  %value = load i64, ptr %place
  %small = trunc i64 %value to i32
  ret i32 %small
}}
define void @check.late(i32 %signal) {{
  {_leave(LATE)}
outside:
  ret void
}}
define void @check.fault(i32 %signal) {{
  {_leave(FAULT)}
outside:
  %before = call ptr @signal(i32 {SIGSEGV}, ptr null)
  ret void
}}
define i64 @check.turn(ptr %contexts, ptr %records, i64 %count) {{
  br label %next
next:
  %k = phi i64 [0, %0], [%k1, %back]
  %place = getelementptr ptr, ptr %records, i64 %k
  %record = load ptr, ptr %place
  store ptr %record, ptr @check.self
  %at = getelementptr ptr, ptr %contexts, i64 %k
  %context = load ptr, ptr %at
  store ptr %context, ptr @check.here
  %main = load ptr, ptr @check.main
  %r = call i32 @swapcontext(ptr %main, ptr %context)
  br label %back
back:
  %k1 = add i64 %k, 1
  %said = getelementptr i64, ptr %record, i64 {EVENT}
  %event = load i64, ptr %said
  %sound = icmp slt i64 %event, {LATE}
  %left = icmp slt i64 %k1, %count
  %more = and i1 %sound, %left
  br i1 %more, label %next, label %done
done:
  store ptr null, ptr @check.self
  ret i64 %k1
}}
""" + "".join(
    [_register(f"tid.{'xyz'[a]}", TID + a) + _register(f"ctaid.{'xyz'[a]}", CTAID + a) for a in range(3)]
    + [_size(name, a) for name in ("ntid", "nctaid") for a in range(3)]
)


def support(texts, entry):
    """Return IR of all that a kernel calls, and of ``check.thread``, which runs one thread.

    ``check.threads`` runs many, one after another, for kernels whose threads never wait. Arguments are in ``check.arguments``.
    """
    (arguments,) = re.findall(rf'^define void @"{re.escape(entry)}"\((.*)\)', texts[0], flags=re.M)
    kinds = [a.strip().split(" ")[0] for a in arguments.split(",")]
    loads = "".join(
        f"  %p{k} = getelementptr i64, ptr @check.arguments, i64 {k}\n  %v{k} = load {kind}, ptr %p{k}\n"
        for k, kind in enumerate(kinds)
    )
    passed = ", ".join(f"{kind} %v{k}" for k, kind in enumerate(kinds))
    emulated = "".join(
        f"declare {declared}\ndefine {kind} @emulated.{name}({taken}) {{\n {body}\n ret {kind} %a\n}}\n"
        for name, (kind, taken, body, declared) in EMULATED.items()
        if any(f"emulated.{name}" in text for text in texts)
    )
    smem = sorted({n for t in texts for n in re.findall(r'^@"(_cudapy_smem\w*)" = external', t, flags=re.M)})
    dynamic = "".join(f'@"{name}" = alias i8, ptr @check.dynamic\n' for name in smem)
    return f"""{SUPPORT}
{emulated}
@check.dynamic = global [{DYNAMIC} x i8] zeroinitializer, align 16
{dynamic}
@check.arguments = global [{len(kinds)} x i64] zeroinitializer
declare void @"{entry}"({", ".join(kinds)})
@check.records = global ptr null
@check.count = global i64 0
define void @check.run() {{
{loads}
  call void @"{entry}"({passed})
  %self = load ptr, ptr @check.self
  %event = getelementptr i64, ptr %self, i64 {EVENT}
  store i64 {ENDED}, ptr %event
  ret void
}}
define void @check.thread() {{
  call void @check.run()
  %main = load ptr, ptr @check.main
  %r = call i32 @setcontext(ptr %main)
  ret void
}}
define void @check.threads() {{
  %count = load i64, ptr @check.count
  %records = load ptr, ptr @check.records
  br label %next
next:
  %k = phi i64 [0, %0], [%k1, %next]
  %place = getelementptr ptr, ptr %records, i64 %k
  %record = load ptr, ptr %place
  store ptr %record, ptr @check.self
  call void @check.run()
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k1, %count
  br i1 %more, label %next, label %done
done:
  %main = load ptr, ptr @check.main
  %r = call i32 @setcontext(ptr %main)
  ret void
}}
"""
