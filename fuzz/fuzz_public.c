// Names of public files, and the times of a CRL from its first octets alone: they are those of the
// whole list. A request in a path, once read, is read again from its plain spelling.
#include "fuzz.h"

#include <proto/ocsp.h>
#include <proto/public.h>
#include <wire/b64.h>
#include <wire/x509_crl.h>

static bool has(struct bytes text, const char *part)
{
    return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static void check_names(struct bytes name)
{
    if (!public_is_hash_tile(name) && !public_is_file_name(name, ".crl"))
        return;
    must(name.n > 0 && name.p[0] != '/' && name.p[0] != '.');
    must(!has(name, "..") || !has(name, "/.."));
    must(!has(name, "//") && !has(name, "/."));
    must(memchr(name.p, '\0', name.n) == NULL);
}

static void check_times(struct bytes der)
{
    struct x509_crl crl;
    const char *why = NULL;
    int64_t this_s = 0, next_s = 0;
    bool is_read = public_crl_times(bytes_slice(der, 0, PUBLIC_CRL_HEAD), &this_s, &next_s);
    if (!x509_read_crl(der, &crl, &why))
        return;
    must(is_read && this_s == crl.this_update_s && next_s == crl.next_update_s);
}

static void check_ocsp(struct bytes path)
{
    uint8_t first[2048], second[2048], plain[4096];
    struct buf read = buf_over(first, sizeof first), again = buf_over(second, sizeof second);
    struct buf spelled = buf_over(plain, sizeof plain);
    if (!ocsp_read_path(path, &read)) {
        must(read.n == 0);
        return;
    }
    b64_encode(&spelled, buf_bytes(&read));
    must(spelled.n <= path.n && ocsp_read_path(buf_bytes(&spelled), &again));
    must(bytes_equal(buf_bytes(&again), buf_bytes(&read)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_names(bytes_of(data, size));
    check_times(bytes_of(data, size));
    check_ocsp(bytes_of(data, size));
    return 0;
}
