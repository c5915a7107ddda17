/* Prints the instructions of a step, and the bytes of stack that it takes.
 *
 * QEMU runs with -icount shift=0, so that an instruction takes a nanosecond. SysTick counts a clock of 25 MHz: a tick is 40
 * instructions. A loop of a known length checks this.
 */
#include "net.h"

#include <stdint.h>
#include <stdio.h>

#define TICK 40      /* instructions */
#define LOOP 1000000 /* turns of two instructions */
#define DEEP 65536   /* bytes below the stack of main that are looked at */

static volatile uint32_t *const systick = (volatile uint32_t *)0xe000e010; /* control, reload value, current value */

static uint32_t elapsed(uint32_t since)
{
    return (since - systick[2]) & 0xffffff;
}

static void loop(uint32_t turns)
{
    __asm__ volatile("1: subs %0, #1\n bne 1b" : "+r"(turns) : : "cc");
}

/* Writes a pattern below the stack of the caller, or returns how far down it was overwritten. */
static __attribute__((noinline)) uint32_t stack(int paint)
{
    volatile uint32_t *top = __builtin_frame_address(0), *p = top - DEEP / 4;
    if (paint)
        for (; p < top - 16; ++p)
            *p = 0x5a5a5a5a;
    else
        while (p < top && *p == 0x5a5a5a5a)
            ++p;
    return 4 * (top - p);
}

int main(void)
{
    static char memory[NET_MEMORY];
    static net_real x[NET_ROWS * NET_INPUT], y[NET_ROWS * NET_OUTPUT];
    net *n = net_init(memory);
    uint32_t start, known, ticks, depth, k;
    for (k = 0; k < NET_ROWS * NET_INPUT; ++k)
        x[k] = 0.1f * (k % 7);
    systick[1] = 0xffffff;
    systick[0] = 5; /* on, by the clock of the processor */
    start = systick[2];
    loop(LOOP);
    known = elapsed(start);
    if (known < 2 * LOOP / TICK || known > 2 * LOOP / TICK + 1) {
        printf("a tick is not %d instructions: a loop of %d took %lu ticks\n", TICK, 2 * LOOP, (unsigned long)known);
        return 1;
    }
    net_step(n, x, y);
    stack(1);
    net_step(n, x, y);
    depth = stack(0);
    start = systick[2];
    for (k = 0; k < STEPS; ++k)
        net_step(n, x, y);
    ticks = elapsed(start);
    printf("%lu %lu %.9g\n", (unsigned long)((uint64_t)ticks * TICK / STEPS), (unsigned long)depth, y[0]);
    return 0;
}
