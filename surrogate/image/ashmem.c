/*
 * Until Android 9 the runtime takes all its memory from /dev/ashmem, which Linux dropped in 5.18. It only ever maps such a region privately, and
 * a private mapping of /dev/zero is plain anonymous memory. Preloaded before libcutils, whose function of this name it replaces.
 * Freestanding: it is loaded by Android's linker, beside Android's C library.
 */
enum { openat = 257, at_fdcwd = -100, read_write_close_on_exec = 02000002 };

int ashmem_create_region(const char *name, unsigned long size) {
  long fd;
  register long mode __asm__("r10") = 0;
  (void)name;
  (void)size;
  __asm__ volatile("syscall"
                   : "=a"(fd)
                   : "a"(openat), "D"((long)at_fdcwd), "S"("/dev/zero"), "d"((long)read_write_close_on_exec), "r"(mode)
                   : "rcx", "r11", "memory");
  return fd < 0 ? -1 : (int)fd;
}
