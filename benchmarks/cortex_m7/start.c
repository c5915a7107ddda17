/* What comes before main on a Cortex-M7: the table of vectors, and the floating-point unit is switched on. */
extern int main(int, char **);
extern void initialise_monitor_handles(void);
extern void exit(int);

void _fini(void) {}

static void start(void)
{
    *(volatile unsigned *)0xe000ed88 |= 0xf << 20;
    __asm__ volatile("dsb\n isb");
    initialise_monitor_handles();
    exit(main(0, 0));
}

__attribute__((section(".vectors"), used)) static void (*const vectors[2])(void) = {(void (*)(void))0x20200000, start};
