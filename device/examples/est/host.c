/* The example on a PC: the same est.c with sockets and the system's random numbers.
 *
 * usage: est-example PORT ANCHOR.der PRODUCT SERIAL FOLDER
 *   FOLDER is the device's memory: `token` (base64 of "serial:token") where there is one, `key.der`
 *   (made when it is not there) and, once enrolled, `certificate.der`. With a certificate it is
 * used. Exit: 0 done, 3 wait (seconds on stdout), 5 refused, 1 failed. */
#include "est.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_MAX 4096
#define TIMEOUT_S 10

static int send_socket(void *ctx, const unsigned char *from, size_t n)
{
    return (int)send(*(int *)ctx, from, n, MSG_NOSIGNAL);
}

static int receive_socket(void *ctx, unsigned char *to, size_t n)
{
    return (int)recv(*(int *)ctx, to, n, 0);
}

static int system_entropy(void *ctx, unsigned char *to, size_t n)
{
    (void)ctx;
    return getrandom(to, n, 0) == (ssize_t)n ? 0 : -1;
}

static int connect_loopback(const char *port)
{
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return fd;
}

/* ---- the device's memory --------------------------------------------------------------------- */

/* Octets of the file; 0 when it is not there. A NUL stands behind them. */
static size_t load(int folder, const char *name, uint8_t to[FILE_MAX + 1])
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, to, FILE_MAX) : 0;
    if (fd >= 0)
        close(fd);
    to[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void store(int folder, const char *name, const uint8_t *from, size_t n)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, from, n) != (ssize_t)n || fsync(fd) != 0) {
        perror(name);
        exit(1);
    }
    close(fd);
}

/* The key is durable before the request leaves: a lost answer is asked for again with it. */
static void load_or_make_key(const struct est_device *device, int folder, mbedtls_pk_context *ret)
{
    uint8_t der[FILE_MAX + 1];
    size_t n = load(folder, "key.der", der);
    if (n > 0 && mbedtls_pk_parse_key(ret, der, n, NULL, 0) == 0)
        return;
    if (n > 0 || est_make_key(device, ret) != 0) {
        fputs("key.der cannot be read or made\n", stderr);
        exit(1);
    }
    int written = mbedtls_pk_write_key_der(ret, der, sizeof der);
    store(folder, "key.der", der + sizeof der - written, (size_t)written);
}

static int report(enum est_outcome outcome, const struct est_answer *answer)
{
    switch (outcome) {
    case EST_ISSUED:
        return 0;
    case EST_WAIT:
        printf("%u\n", (unsigned)answer->retry_after_s);
        return 3;
    case EST_REFUSED:
        fprintf(stderr, "HTTP %d: %s\n", answer->status, answer->why);
        return 5;
    case EST_FAILED:
        break;
    }
    fprintf(stderr, "%s\n", answer->why);
    return 1;
}

static int run(struct est_device *device, int folder)
{
    static uint8_t token[FILE_MAX + 1], certificate[FILE_MAX + 1];
    struct est_answer answer;
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    load_or_make_key(device, folder, &key);
    device->token = load(folder, "token", token) > 0 ? (const char *)token : NULL;
    size_t n = load(folder, "certificate.der", certificate);
    enum est_outcome outcome = n > 0 ? est_use(device, &key, bytes_of(certificate, n), &answer)
                                     : est_enrol(device, &key, &answer);
    if (outcome == EST_ISSUED && n == 0)
        store(folder, "certificate.der", answer.certificate, answer.certificate_n);
    mbedtls_pk_free(&key);
    return report(outcome, &answer);
}

int main(int argc, char **argv)
{
    static uint8_t anchor[FILE_MAX + 1];
    if (argc != 6) {
        fputs("usage: est-example PORT ANCHOR.der PRODUCT SERIAL FOLDER\n", stderr);
        return 2;
    }
    int folder = open(argv[5], O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (folder < 0) {
        perror(argv[5]);
        return 2;
    }
    int fd = connect_loopback(argv[1]);
    struct est_device device = {
        .link = {&fd, send_socket, receive_socket},
        .entropy = system_entropy,
        .server_name = "localhost",
        .anchor = bytes_of(anchor, load(AT_FDCWD, argv[2], anchor)),
        .product = argv[3],
        .serial_number = argv[4],
    };
    int status = run(&device, folder);
    close(fd);
    close(folder);
    return status;
}
