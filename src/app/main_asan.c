/* Linked into trothd only when it is built with AddressSanitizer: at the end of a sandboxed process
 * the search for leaks reads /proc, which is refused. Unit tests look for leaks. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
