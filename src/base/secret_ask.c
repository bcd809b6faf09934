/* Passphrases that a person types. */
#include <base/secret.h>

#include <base/file.h>
#include <base/text.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define TYPED_MAX 1024 /* octets: more than a terminal's line has */

/* A terminal that shows nothing until it is put back. */
struct terminal {
    int fd;
    bool is_silent;
    struct termios was;
};

static void terminal_free(struct terminal *terminal)
{
    if (terminal->is_silent)
        (void)tcsetattr(terminal->fd, TCSAFLUSH, &terminal->was);
    fd_closep(&terminal->fd);
}

static enum result terminal_open(struct terminal *ret, struct err *err)
{
    ret->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (ret->fd < 0 || tcgetattr(ret->fd, &ret->was) != 0)
        return err_set(err, E_KEY,
                       "no terminal to ask for a passphrase at: name a file that has it");
    struct termios silent = ret->was;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    silent.c_lflag |= ICANON;
    if (tcsetattr(ret->fd, TCSAFLUSH, &silent) != 0)
        return err_set(err, E_KEY, "the terminal shows what is typed: %s", strerror(errno));
    ret->is_silent = true;
    return OK;
}

static enum result ask(const struct terminal *terminal, const char *prompt, struct secret *ret,
                       struct err *err)
{
    CLEANUP(secret_free) struct secret typed = {0};
    TRY(secret_new(TYPED_MAX, &typed, err));
    TRY(fd_write(terminal->fd, text_bytes(prompt), err));
    ssize_t n = read(terminal->fd, typed.p, typed.n);
    TRY(fd_write(terminal->fd, bytes_text("\n"), err));
    if (n <= 1 || typed.p[n - 1] != '\n')
        return err_set(err, E_KEY, "nothing was typed, or more than %d octets", TYPED_MAX - 1);
    return secret_copy(bytes_of(typed.p, (size_t)n - 1), ret, err);
}

enum result secret_ask(const char *prompt, bool again, struct secret *ret, struct err *err)
{
    CLEANUP(terminal_free) struct terminal terminal = {.fd = -1};
    CLEANUP(secret_free) struct secret first = {0};
    CLEANUP(secret_free) struct secret second = {0};
    TRY(terminal_open(&terminal, err));
    TRY(ask(&terminal, prompt, &first, err));
    if (again)
        TRY(ask(&terminal, "The same again: ", &second, err));
    if (again && !secret_equal(secret_bytes(&first), secret_bytes(&second)))
        return err_set(err, E_KEY, "two different passphrases were typed");
    *ret = first;
    first = (struct secret){0};
    return OK;
}
