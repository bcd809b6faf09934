// The example on a Cortex-M3: est.c with a UART as its line and a static pool as its memory.
//
// Flash is files of the host, in its current folder: `random` (64 octets that the host makes anew
// for each power-on: this board has no source of its own; a real one must), `anchor.der`,
// `product`, `serial`, `token` where there is one; `key.der` and `certificate.der` are the
// device's. With a certificate it is used. Exit as host.c.
#include <est.h>

#include <board.h>

#include <mbedtls/memory_buffer_alloc.h>

#include <string.h>

#define POOL_MAX 24576
#define POOL_HEADER_MAX 64 // of mbedTLS's first block
#define PAINT 0xa5
#define SEED_N 64

struct memory {
    uint8_t random[SEED_N];
    size_t random_used;
    uint8_t anchor[EST_CERTIFICATE_MAX], certificate[EST_CERTIFICATE_MAX], key[256];
    char product[65], serial[65], token[257];
};

static struct memory memory;
static unsigned char pool[POOL_MAX];

// No two DRBGs of one power-on start alike.
static int take_random(void *ctx, unsigned char *to, size_t n)
{
    struct memory *m = ctx;
    if (n > SEED_N)
        return -1;
    for (size_t i = 0; i < n; i++)
        to[i] = (unsigned char)(m->random[i] ^ m->random_used);
    m->random_used++;
    return 0;
}

static bool load_or_make_key(const struct est_device *device, mbedtls_pk_context *ret)
{
    size_t n = board_load("key.der", memory.key, sizeof memory.key);
    if (n > 0)
        return mbedtls_pk_parse_key(ret, memory.key, n, NULL, 0) == 0;
    if (est_make_key(device, ret) != 0)
        return false;
    int written = mbedtls_pk_write_key_der(ret, memory.key, sizeof memory.key);
    return written > 0 &&
           board_store("key.der", memory.key + sizeof memory.key - written, (size_t)written);
}

static void print_number(size_t number)
{
    char digits[BOARD_DIGITS_N];
    board_print(board_digits(digits, number));
}

// The pool was painted behind its first header: how far did the paint go?
static void start_pool(void)
{
    mbedtls_memory_buffer_alloc_init(pool, sizeof pool);
    memset(pool + POOL_HEADER_MAX, PAINT, sizeof pool - POOL_HEADER_MAX);
}

static void print_memory(void)
{
    size_t reached = sizeof pool;
    while (reached > POOL_HEADER_MAX && pool[reached - 1] == PAINT)
        reached--;
    board_print("pool reached: ");
    print_number(reached);
    board_print(" octets, stack ");
    print_number(board_stack_used());
    board_print("\n");
}

static int report(enum est_outcome outcome, const struct est_answer *answer)
{
    static const int statuses[] = {
        [EST_FAILED] = 1, [EST_REFUSED] = 5, [EST_WAIT] = 3, [EST_ISSUED] = 0};
    if (answer->why != NULL) {
        board_print(answer->why);
        board_print("\n");
    }
    print_memory();
    return statuses[outcome];
}

static int run(const struct est_device *device, mbedtls_pk_context *key)
{
    struct est_answer answer;
    size_t n = board_load("certificate.der", memory.certificate, sizeof memory.certificate);
    if (n > 0)
        return report(est_use(device, key, bytes_of(memory.certificate, n), &answer), &answer);
    enum est_outcome outcome = est_enrol(device, key, &answer);
    if (outcome == EST_ISSUED &&
        !board_store("certificate.der", answer.certificate, answer.certificate_n))
        return 1;
    return report(outcome, &answer);
}

static size_t load_text(const char *name, char *to, size_t room)
{
    return board_load(name, (uint8_t *)to, room - 1); // the rest of `memory` is zero
}

// Newlib's exit(), which mbedTLS calls when its pool is damaged, ends here.
_Noreturn void _exit(int status);
void _exit(int status)
{
    board_exit(status);
}

int main(void)
{
    board_start_uart();
    start_pool();
    struct est_device device = {
        .link = {NULL, board_send, board_receive},
        .entropy = take_random,
        .entropy_ctx = &memory,
        .server_name = "localhost",
        .product = memory.product,
        .serial_number = memory.serial,
    };
    size_t anchor_n = board_load("anchor.der", memory.anchor, sizeof memory.anchor);
    device.anchor = bytes_of(memory.anchor, anchor_n);
    device.token = load_text("token", memory.token, sizeof memory.token) > 0 ? memory.token : NULL;
    if (board_load("random", memory.random, SEED_N) != SEED_N || anchor_n == 0 ||
        load_text("product", memory.product, sizeof memory.product) == 0 ||
        load_text("serial", memory.serial, sizeof memory.serial) == 0) {
        board_print("not provisioned\n");
        return 1;
    }
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    if (!load_or_make_key(&device, &key)) {
        board_print("no key\n");
        return 1;
    }
    return run(&device, &key);
}
