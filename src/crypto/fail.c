#include "fail.h"

#include <openssl/err.h>

enum result fail_openssl(struct err *err, enum code code, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return err_set(err, code, "%s: %s", what, reason != NULL ? reason : "no reason given");
}

void forget_openssl_errors(void)
{
    ERR_clear_error();
}
