// A stub of CUDA's driver library. Kernels do nothing; what surrounds them behaves, and fails, as on a device.
//
// It refuses what a device refuses: grids and blocks that are too large, more shared memory than a kernel has opted in to,
// static memory included, more registers than a block has, copies beyond an allocation, and calls on the wrong kind of handle.
// Asynchronous copies run when something waits for them, as late as streams and events allow. So whoever reads a result too
// early, or changes a source too early, gets other numbers. stub_message() says why the last call was refused.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_FOUND = 500, NOT_READY = 600, OUT_OF_RESOURCES = 701 };
enum { INVALID_HANDLE = 400, INVALID_CONTEXT = 201, COOPERATIVE_TOO_LARGE = 720, NOT_SUPPORTED = 801 };
enum { SHARED = 48 * 1024, SHARED_OPT_IN = 227 * 1024, REGISTERS = 65536, RESERVED = 1024, MULTIPROCESSORS = 132, MAX_PARAMETERS = 512 };
enum { ATTRIBUTE_SHARED = 1, ATTRIBUTE_REGISTERS = 4, ATTRIBUTE_MAX_THREADS = 0, ATTRIBUTE_MAX_DYNAMIC = 8 };

typedef int Result;
typedef uint64_t Address;

#define CALL(...) do { counts[CALLS]++; message[0] = 0; } while (0)

enum { LAUNCHES, CALLS, COPIES, ALLOCATIONS, WAITS, COUNTS };
static int64_t counts[COUNTS];
static char message[256];
static Address total_memory = 2ull << 30, used_memory;
static __thread void *current; // each thread has a context of its own, or none
static int context;

static Result refuse(Result result, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    return result;
}
const char *stub_message(void) { return message; }
int64_t stub_count(int which) { return counts[which]; }
void stub_set_memory(Address bytes) { total_memory = bytes; }

// -- modules: what a device would read in a cubin, or an assembler in PTX -------------------------------------------------------
//
// From compute capability 9.0 on, a cubin counts the bytes that CUDA reserves in each block; the attribute of a kernel does not.

enum { KERNEL = 0x6b65726e, FUNCTION = 0x66756e63 };
typedef struct Kernel Kernel;
typedef struct { int kind; Kernel *kernel; } Function;
struct Kernel {
    int kind, static_shared, registers, parameters, max_dynamic, opted_in;
    int sizes[MAX_PARAMETERS];
    Function function;
};
typedef struct { char *image; size_t size; } Module;

static uint64_t number(const char *at, int bytes) {
    uint64_t value = 0;
    memcpy(&value, at, bytes);
    return value;
}

static void read_parameters(Kernel *kernel, const char *at, const char *end) {
    while (at + 4 <= end) { // records of a format, an attribute, and a size or a value of two bytes
        int format = at[0] & 255, attribute = at[1] & 255, size = format == 4 ? number(at + 2, 2) : 0;
        if (format == 4 && attribute == 0x17) {
            int ordinal = number(at + 8, 2);
            if (ordinal < MAX_PARAMETERS) kernel->sizes[ordinal] = number(at + 12, 4) >> 18;
            if (ordinal >= kernel->parameters) kernel->parameters = ordinal + 1;
        }
        at += 4 + size;
    }
}

static int read_cubin(Kernel *kernel, const char *image, const char *name) {
    const char *headers = image + number(image + 40, 8), *strings = headers + 64 * number(image + 62, 2);
    const char *names = image + number(strings + 24, 8), *symbols = NULL, *symbol_names = NULL, *info = NULL;
    int count = number(image + 60, 2), found = 0;
    uint64_t info_size = 0;
    for (int k = 0; k < count; k++) {
        const char *header = headers + 64 * k, *section = names + number(header, 4), *at = image + number(header + 24, 8);
        uint64_t size = number(header + 32, 8);
        if (!strncmp(section, ".nv.shared.", 11) && !strcmp(section + 11, name)) kernel->static_shared = size - RESERVED;
        if (!strncmp(section, ".nv.info.", 9) && !strcmp(section + 9, name)) read_parameters(kernel, at, at + size);
        if (!strncmp(section, ".text.", 6) && !strcmp(section + 6, name)) found = 1;
        if (!strcmp(section, ".nv.info")) info = at, info_size = size;
        if (!strcmp(section, ".symtab")) symbols = at, symbol_names = image + number(headers + 64 * number(header + 40, 4) + 24, 8);
    }
    for (const char *at = info; info && symbols && at + 4 <= info + info_size;) {
        int format = at[0] & 255, attribute = at[1] & 255;
        const char *symbol = symbols + 24 * number(at + 4, 4);
        if (format == 4 && attribute == 0x2f && !strcmp(symbol_names + number(symbol, 4), name)) kernel->registers = number(at + 8, 4);
        at += 4 + (format == 4 ? number(at + 2, 2) : 0);
    }
    return found;
}

static int read_ptx(Kernel *kernel, const char *text, const char *name) {
    char entry[1024];
    snprintf(entry, sizeof entry, ".entry %s(", name);
    const char *at = strstr(text, entry), *end = at ? strchr(at, ')') : NULL;
    for (const char *shared = strstr(text, ".shared "); shared; shared = strstr(shared + 1, ".shared ")) {
        const char *size = strpbrk(shared, "[;\n");
        if (size && *size == '[') kernel->static_shared += atoi(size + 1);
    }
    for (at = at ? strstr(at, ".param") : NULL; at && at < end && kernel->parameters < MAX_PARAMETERS; at = strstr(at + 1, ".param")) {
        while (*at != ' ') at++;
        kernel->sizes[kernel->parameters++] = atoi(at + 3) / 8; // .u64 and the like
    }
    return end != NULL;
}

static Result find_kernel(Kernel **kernel, Module *module, const char *name) {
    Kernel *found = calloc(1, sizeof *found);
    *found = (Kernel){.kind = KERNEL, .max_dynamic = SHARED};
    found->function = (Function){FUNCTION, found};
    int exists = memcmp(module->image, "\177ELF", 4) ? read_ptx(found, module->image, name) : read_cubin(found, module->image, name);
    *kernel = found;
    return exists ? SUCCESS : refuse(NOT_FOUND, "the module has no kernel %s", name);
}

static Kernel *kernel_of(void *handle) { // CUDA launches both, a CUfunction and a CUkernel that is cast to one
    int kind = *(int *)handle;
    return kind == KERNEL ? handle : kind == FUNCTION ? ((Function *)handle)->kernel : NULL;
}

static Result load(Module **module, const char *image) {
    size_t size = strlen(image) + 1;
    if (!memcmp(image, "\177ELF", 4)) size = number(image + 40, 8) + 64 * number(image + 60, 2);
    *module = calloc(1, sizeof **module);
    **module = (Module){memcpy(malloc(size), image, size), size};
    return SUCCESS;
}
Result cuLibraryLoadData(Module **m, const char *image, void *a, void *b, int c, void *d, void *e, int f) { CALL(); return load(m, image); }
Result cuModuleLoadData(Module **m, const char *image) { CALL(); return load(m, image); }
Result cuModuleLoadDataEx(Module **m, const char *image, int n, void *a, void *b) { CALL(); return load(m, image); }
Result cuLibraryUnload(Module *m) { CALL(); return SUCCESS; }
Result cuModuleUnload(Module *m) { CALL(); return SUCCESS; }
Result cuLibraryGetModule(Module **out, Module *m) { CALL(); *out = m; return SUCCESS; }
Result cuLibraryGetKernel(Kernel **k, Module *m, const char *name) { CALL(); return find_kernel(k, m, name); }
Result cuLibraryGetKernelCount(int *n, Module *m) { CALL(); *n = 1; return SUCCESS; }
Result cuKernelGetLibrary(Module **m, Kernel *k) { CALL(); *m = NULL; return SUCCESS; }
Result cuKernelGetFunction(Function **f, Kernel *k) {
    CALL();
    if (k->kind != KERNEL) return refuse(INVALID_HANDLE, "cuKernelGetFunction takes a CUkernel");
    *f = &k->function;
    return SUCCESS;
}
Result cuModuleGetFunction(Function **f, Module *m, const char *name) {
    Kernel *kernel;
    CALL();
    Result result = find_kernel(&kernel, m, name);
    *f = &kernel->function;
    return result;
}

// PTX is linked by the driver: here it stays as it is, and libraries are forgotten.
typedef struct { char *text; } Link;
Result cuLinkCreate_v2(int n, void *a, void *b, Link **link) { CALL(); *link = calloc(1, sizeof **link); return SUCCESS; }
Result cuLinkAddData_v2(Link *link, int type, const char *data, size_t size, const char *name, int n, void *a, void *b) {
    CALL();
    if (!link->text) link->text = strndup(data, size);
    return SUCCESS;
}
Result cuLinkAddFile_v2(Link *link, int type, const char *path, int n, void *a, void *b) { CALL(); return SUCCESS; }
Result cuLinkComplete(Link *link, void **cubin, size_t *size) { CALL(); *cubin = link->text; *size = strlen(link->text) + 1; return SUCCESS; }
Result cuLinkDestroy(Link *link) { CALL(); return SUCCESS; }

static Result attribute(int *value, int which, Kernel *kernel) {
    *value = which == ATTRIBUTE_SHARED ? kernel->static_shared : which == ATTRIBUTE_REGISTERS ? kernel->registers
           : which == ATTRIBUTE_MAX_THREADS ? 1024 : which == ATTRIBUTE_MAX_DYNAMIC ? kernel->max_dynamic : 0;
    return SUCCESS;
}
static Result set_attribute(Kernel *kernel, int which, int value) {
    if (which != ATTRIBUTE_MAX_DYNAMIC) return SUCCESS;
    if (value < 0 || value + kernel->static_shared > SHARED_OPT_IN)
        return refuse(INVALID_VALUE, "a block has %d bytes of shared memory, %d of them static, and the opt-in is to %d",
                      SHARED_OPT_IN, kernel->static_shared, value);
    kernel->max_dynamic = value;
    kernel->opted_in++;
    return SUCCESS;
}
Result cuFuncGetAttribute(int *value, int which, Function *f) {
    CALL();
    return f->kind == FUNCTION ? attribute(value, which, f->kernel) : refuse(INVALID_HANDLE, "cuFuncGetAttribute takes a CUfunction");
}
Result cuKernelGetAttribute(int *value, int which, Kernel *k, int device) {
    CALL();
    return k->kind == KERNEL ? attribute(value, which, k) : refuse(INVALID_HANDLE, "cuKernelGetAttribute takes a CUkernel");
}
Result cuFuncSetAttribute(Function *f, int which, int value) {
    CALL();
    return f->kind == FUNCTION ? set_attribute(f->kernel, which, value) : refuse(INVALID_HANDLE, "cuFuncSetAttribute takes a CUfunction");
}
Result cuKernelSetAttribute(int which, int value, Kernel *k, int device) {
    CALL();
    return k->kind == KERNEL ? set_attribute(k, which, value) : refuse(INVALID_HANDLE, "cuKernelSetAttribute takes a CUkernel");
}
int stub_opt_ins(void *handle) { return kernel_of(handle)->opted_in; }

// -- memory ---------------------------------------------------------------------------------------------------------------------

typedef struct Block { Address at; size_t size; struct Block *next; } Block;
static Block *blocks;

static Block *block_of(Address at, size_t size) {
    for (Block *b = blocks; b; b = b->next)
        if (at >= b->at && at + size <= b->at + b->size) return b;
    return NULL;
}
Result cuMemAlloc_v2(Address *at, size_t size) {
    CALL();
    counts[ALLOCATIONS]++;
    if (!current) return refuse(INVALID_CONTEXT, "this thread has no current context");
    if (!size) return refuse(INVALID_VALUE, "an allocation of no bytes");
    if (used_memory + size > total_memory) return refuse(OUT_OF_MEMORY, "%zu bytes do not fit", size);
    Block *block = malloc(sizeof *block);
    // Pages of their own: zeros, since what kernels would compute has finite losses, and addresses above those of any number.
    *block = (Block){(Address)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size, blocks};
    blocks = block;
    used_memory += size;
    *at = block->at;
    return SUCCESS;
}
static Result wait_for_all(void);
Result cuMemFree_v2(Address at) {
    CALL();
    wait_for_all();
    for (Block **b = &blocks; *b; b = &(*b)->next)
        if ((*b)->at == at) {
            Block *gone = *b;
            *b = gone->next;
            used_memory -= gone->size;
            munmap((void *)at, gone->size);
            free(gone);
            return SUCCESS;
        }
    return refuse(INVALID_VALUE, "no allocation begins here");
}
Result cuMemGetInfo_v2(size_t *left, size_t *total) { CALL(); *left = total_memory - used_memory, *total = total_memory; return SUCCESS; }
Result cuMemGetAddressRange_v2(Address *base, size_t *size, Address at) {
    CALL();
    Block *block = block_of(at, 1);
    if (!block) return refuse(INVALID_VALUE, "no allocation is here");
    if (base) *base = block->at;
    if (size) *size = block->size;
    return SUCCESS;
}
Result cuMemHostAlloc(void **at, size_t size, unsigned flags) { CALL(); *at = aligned_alloc(4096, (size + 4095) / 4096 * 4096); return SUCCESS; }
Result cuMemFreeHost(void *at) { CALL(); wait_for_all(); free(at); return SUCCESS; }

// -- streams: work is queued, and runs when something waits for it ----------------------------------------------------------------

typedef struct Work Work;
typedef struct { Work *last; int waits; } Stream; // waits: of a stream for the legacy default stream
typedef struct { Work *record; } Event;
struct Work { int done; Work *before, *after; void *to; const void *from; size_t size; };
static Stream default_stream, *streams[64];
static int stream_count;

static Stream *stream_of(Stream *stream) { return (Address)stream <= 2 ? &default_stream : stream; }

static void run(Work *work) { // after all that it waits for; copies are small and queues short, so this may recur
    if (!work || work->done) return;
    run(work->before);
    run(work->after);
    if (work->size) memcpy(work->to, work->from, work->size);
    work->before = work->after = NULL;
    work->done = 1;
}
static Work *queue(Stream *stream, Work work) {
    Work *queued = malloc(sizeof work);
    stream = stream_of(stream);
    work.before = stream->last && !stream->last->done ? stream->last : NULL;
    *queued = work;
    return stream->last = queued;
}
static Result wait_for_all(void) {
    run(default_stream.last);
    for (int k = 0; k < stream_count; k++) run(streams[k]->last);
    return SUCCESS;
}
static Result copy(void *to, const void *from, size_t size, Address device, Stream *stream) {
    counts[COPIES]++;
    if (!block_of(device, size)) return refuse(INVALID_VALUE, "a copy of %zu bytes is not within an allocation", size);
    queue(stream, (Work){.to = to, .from = from, .size = size});
    return SUCCESS;
}
Result cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t size, Stream *s) { CALL(); return copy((void *)to, from, size, to, s); }
Result cuMemcpyDtoHAsync_v2(void *to, Address from, size_t size, Stream *s) { CALL(); return copy(to, (void *)from, size, from, s); }
Result cuMemcpyDtoDAsync_v2(Address to, Address from, size_t size, Stream *s) {
    CALL();
    if (!block_of(from, size)) return refuse(INVALID_VALUE, "a copy of %zu bytes is not within an allocation", size);
    return copy((void *)to, (void *)from, size, to, s);
}
Result cuMemcpyHtoD_v2(Address to, const void *from, size_t size) { CALL(); Result r = copy((void *)to, from, size, to, 0); wait_for_all(); return r; }
Result cuMemcpyDtoH_v2(void *to, Address from, size_t size) { CALL(); Result r = copy(to, (void *)from, size, from, 0); wait_for_all(); return r; }
Result cuStreamCreate(Stream **s, unsigned flags) {
    CALL();
    if (stream_count == 64) return refuse(OUT_OF_RESOURCES, "the stub has 64 streams");
    *s = streams[stream_count++] = calloc(1, sizeof **s);
    return SUCCESS;
}
Result cuStreamDestroy_v2(Stream *s) { CALL(); run(s->last); return SUCCESS; }
Result cuStreamGetDevice(Stream *s, int *device) { CALL(); *device = 0; return SUCCESS; }
Result cuStreamGetCtx(Stream *s, void **c) { CALL(); *c = &context; return SUCCESS; }
Result cuStreamSynchronize(Stream *s) { CALL(); counts[WAITS]++; run(stream_of(s)->last); return SUCCESS; }
Result cuStreamQuery(Stream *s) { CALL(); Work *last = stream_of(s)->last; return !last || last->done ? SUCCESS : NOT_READY; }
Result cuStreamWaitEvent(Stream *s, Event *e, unsigned flags) {
    CALL();
    if (e->record && !e->record->done) queue(s, (Work){.after = e->record});
    return SUCCESS;
}
Result cuEventCreate(Event **e, unsigned flags) { CALL(); *e = calloc(1, sizeof **e); return SUCCESS; }
Result cuEventDestroy_v2(Event *e) { CALL(); free(e); return SUCCESS; }
Result cuEventRecord(Event *e, Stream *s) {
    CALL();
    Work *last = stream_of(s)->last;
    e->record = last && !last->done ? queue(s, (Work){0}) : NULL;
    return SUCCESS;
}
Result cuEventQuery(Event *e) { CALL(); return !e->record || e->record->done ? SUCCESS : NOT_READY; }
Result cuEventSynchronize(Event *e) { CALL(); counts[WAITS]++; run(e->record); return SUCCESS; }

// -- launches -------------------------------------------------------------------------------------------------------------------

typedef struct { unsigned grid[3], block[3], shared; Stream *stream; struct { int id, pad; int64_t value[8]; } *attributes; unsigned count; } Config;
enum { REMEMBERED = 256 };
static struct { unsigned grid[3], block[3], shared; int parameters; uint64_t values[MAX_PARAMETERS]; Kernel *kernel; } launched[REMEMBERED];
const void *stub_launch(int64_t index) { return &launched[index % REMEMBERED]; } // counted from 0; the last ones
Kernel *stub_launched_kernel(int64_t index) { return launched[index % REMEMBERED].kernel; }

static int resident(Kernel *kernel, int threads, size_t dynamic) { // blocks of a multiprocessor
    int shared = kernel->static_shared + dynamic + RESERVED, registers = (kernel->registers + 7) / 8 * 8 * threads, blocks = 2048 / threads;
    if (blocks * shared > 228 * 1024) blocks = 228 * 1024 / shared;
    if (registers && blocks * registers > REGISTERS) blocks = REGISTERS / registers;
    return blocks > 32 ? 32 : blocks;
}
static Result launch(void *handle, const unsigned *grid, const unsigned *block, unsigned shared, Stream *s, void **values, int cooperative) {
    Kernel *kernel = kernel_of(handle);
    uint64_t threads = (uint64_t)block[0] * block[1] * block[2], all = (uint64_t)grid[0] * grid[1] * grid[2];
    counts[LAUNCHES]++;
    if (!current) return refuse(INVALID_CONTEXT, "this thread has no current context");
    if (!kernel) return refuse(INVALID_HANDLE, "a launch takes a kernel");
    if (!all || grid[0] > 0x7FFFFFFF || grid[1] > 65535 || grid[2] > 65535)
        return refuse(INVALID_VALUE, "no device takes %u x %u x %u blocks", grid[0], grid[1], grid[2]);
    if (!threads || threads > 1024 || block[2] > 64)
        return refuse(INVALID_VALUE, "no device takes blocks of %u x %u x %u threads", block[0], block[1], block[2]);
    if (shared > (unsigned)kernel->max_dynamic || (kernel->max_dynamic == SHARED && shared + kernel->static_shared > SHARED))
        return refuse(INVALID_VALUE, "%u bytes of shared memory and %d static ones, of %d without an opt-in or %d with this one",
                      shared, kernel->static_shared, SHARED, kernel->max_dynamic);
    if ((kernel->registers + 7) / 8 * 8 * threads > REGISTERS)
        return refuse(OUT_OF_RESOURCES, "%d registers for each of %u threads", kernel->registers, (unsigned)threads);
    if (cooperative && all > (uint64_t)MULTIPROCESSORS * resident(kernel, threads, shared))
        return refuse(COOPERATIVE_TOO_LARGE, "%u blocks are not resident at the same time", (unsigned)all);
    int place = (counts[LAUNCHES] - 1) % REMEMBERED;
    memcpy(launched[place].grid, grid, 12), memcpy(launched[place].block, block, 12);
    launched[place].shared = shared, launched[place].parameters = kernel->parameters, launched[place].kernel = kernel;
    for (int k = 0; k < kernel->parameters; k++) { // a launch copies its arguments at once
        launched[place].values[k] = 0;
        memcpy(&launched[place].values[k], values[k], kernel->sizes[k]);
    }
    if (stream_of(s)->last && !stream_of(s)->last->done) queue(s, (Work){0});
    return SUCCESS;
}
Result cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream *s, void **values, void **extra) {
    CALL();
    return launch(f, (unsigned[]){gx, gy, gz}, (unsigned[]){bx, by, bz}, shared, s, values, 0);
}
Result cuLaunchCooperativeKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream *s, void **values) {
    CALL();
    return launch(f, (unsigned[]){gx, gy, gz}, (unsigned[]){bx, by, bz}, shared, s, values, 1);
}
Result cuLaunchKernelEx(Config *c, void *f, void **values, void **extra) {
    CALL();
    return launch(f, c->grid, c->block, c->shared, c->stream, values, 0);
}
Result cuKernelGetParamInfo(Kernel *k, size_t index, size_t *offset, size_t *size) {
    CALL();
    if (index >= (size_t)k->parameters) return refuse(INVALID_VALUE, "the kernel has %d parameters", k->parameters);
    *offset = 8 * index, *size = k->sizes[index];
    return SUCCESS;
}
Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int *n, void *f, int threads, size_t shared) {
    CALL();
    Kernel *kernel = kernel_of(f);
    *n = shared > (size_t)kernel->max_dynamic ? 0 : resident(kernel, threads, shared);
    return SUCCESS;
}
Result cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *n, void *f, int threads, size_t shared, unsigned flags) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessor(n, f, threads, shared);
}

// -- the device and its context --------------------------------------------------------------------------------------------------

Result cuInit(unsigned flags) { CALL(); return SUCCESS; }
Result cuDriverGetVersion(int *version) { CALL(); *version = 12090; return SUCCESS; }
Result cuDeviceGetCount(int *n) { CALL(); *n = 1; return SUCCESS; }
Result cuDeviceGet(int *device, int index) { CALL(); *device = index; return index ? INVALID_VALUE : SUCCESS; }
Result cuDeviceGetName(char *name, int size, int device) { CALL(); snprintf(name, size, "a stub of an H100"); return SUCCESS; }
Result cuDeviceGetUuid(char *uuid, int device) { CALL(); memset(uuid, 7, 16); return SUCCESS; }
Result cuDeviceGetUuid_v2(char *uuid, int device) { return cuDeviceGetUuid(uuid, device); }
Result cuDeviceTotalMem_v2(size_t *bytes, int device) { CALL(); *bytes = total_memory; return SUCCESS; }
Result cuDeviceComputeCapability(int *major, int *minor, int device) { CALL(); *major = 9, *minor = 0; return SUCCESS; }
Result cuDeviceGetAttribute(int *value, int which, int device) {
    CALL();
    switch (which) {
    case 1: case 2: case 3: *value = 1024; break; // threads of a block, and along x and y
    case 4: *value = 64; break;
    case 5: *value = 0x7FFFFFFF; break; // blocks of a grid along x, y and z
    case 6: case 7: *value = 65535; break;
    case 8: *value = SHARED; break;
    case 10: *value = 32; break; // threads of a warp
    case 12: case 82: *value = REGISTERS; break;
    case 16: *value = MULTIPROCESSORS; break;
    case 39: *value = 2048; break; // threads of a multiprocessor
    case 75: *value = 9; break; // compute capability
    case 76: *value = 0; break;
    case 81: *value = 228 * 1024; break;
    case 97: *value = SHARED_OPT_IN; break;
    default: *value = 1; // unified addresses, cooperative launches and the like
    }
    return SUCCESS;
}
Result cuDevicePrimaryCtxRetain(void **c, int device) { CALL(); *c = &context; return SUCCESS; }
Result cuDevicePrimaryCtxRelease_v2(int device) { CALL(); return SUCCESS; }
Result cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) { CALL(); *flags = 0, *active = 1; return SUCCESS; }
Result cuDevicePrimaryCtxReset_v2(int device) { CALL(); return SUCCESS; }
Result cuCtxGetCurrent(void **c) { CALL(); *c = current; return SUCCESS; }
Result cuCtxSetCurrent(void *c) { CALL(); current = c; return SUCCESS; }
Result cuCtxPushCurrent_v2(void *c) { CALL(); current = c; return SUCCESS; }
Result cuCtxPopCurrent_v2(void **c) { CALL(); if (c) *c = current; return SUCCESS; }
Result cuCtxGetDevice(int *device) { CALL(); *device = 0; return SUCCESS; }
Result cuCtxGetId(void *c, uint64_t *id) { CALL(); *id = 1; return SUCCESS; }
Result cuCtxSynchronize(void) { CALL(); counts[WAITS]++; return wait_for_all(); }
Result cuGetErrorName(Result error, const char **name) {
    *name = error == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : error == NOT_READY ? "CUDA_ERROR_NOT_READY" : "CUDA_ERROR_OF_THE_STUB";
    return SUCCESS;
}
Result cuGetErrorString(Result error, const char **text) { *text = message; return SUCCESS; }

static Result unknown(void) { return refuse(NOT_SUPPORTED, "the stub does not have this function"); }
Result cuIpcOpenMemHandle(void) { return unknown(); } // the built-in numba.cuda wants it to exist
static void *function_of(const char *name) {
    static void *library;
    char versioned[128];
    Dl_info info;
    if (!library && dladdr((void *)&unknown, &info)) library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    snprintf(versioned, sizeof versioned, "%s_v2", name);
    void *found = dlsym(library, versioned);
    return found ? found : (found = dlsym(library, name)) ? found : (void *)unknown;
}
Result cuGetProcAddress(const char *name, void **function, int version, uint64_t flags) { *function = function_of(name); return SUCCESS; }
Result cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *status) {
    *function = strcmp(name, "cuGetProcAddress") ? function_of(name) : (void *)cuGetProcAddress_v2;
    if (status) *status = 0;
    return SUCCESS;
}
