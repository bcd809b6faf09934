#include <wire/bytes.h>

struct bytes bytes_slice(struct bytes b, size_t from, size_t n)
{
    if (from >= b.n)
        return bytes_of(NULL, 0);
    size_t left = b.n - from;
    return bytes_of(b.p + from, n < left ? n : left);
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

bool bytes_equal_secret(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    // volatile: the compiler may not turn this into a comparison that stops early.
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < a.n; i++)
        difference = difference | (uint8_t)(a.p[i] ^ b.p[i]);
    return difference == 0;
}
