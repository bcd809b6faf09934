// What a TPM says: what was read lies in the input, and a key or a signature of it is one that
// x509.h reads.
#include "fuzz.h"

#include <wire/tpm.h>
#include <wire/x509.h>

static struct bytes input;

static void must_be_inside(struct bytes part)
{
    must(part.n == 0 || (part.p >= input.p && part.p + part.n <= input.p + input.n));
}

static void try_public(void)
{
    uint8_t memory[TPM_PUBLIC_MAX];
    struct buf spki = buf_over(memory, sizeof memory);
    struct tpm_public key;
    struct x509_key again;
    const char *why = NULL;
    if (!tpm_read_public(input, &key, &why)) {
        must(why != NULL);
        return;
    }
    must(key.area.n + 2 == input.n && key.area.p == input.p + 2);
    must_be_inside(key.policy);
    must_be_inside(key.modulus);
    must_be_inside(key.x);
    must_be_inside(key.y);
    tpm_write_spki(&spki, &key);
    must(buf_ok(&spki) && x509_read_spki(buf_bytes(&spki), &again, &why));
    must((key.type == TPM_RSA) == (again.alg == X509_KEY_RSA));
    must(key.type == TPM_ECC || bytes_equal(again.modulus, key.modulus));
}

static void try_certified(void)
{
    struct tpm_certified certified;
    const char *why = NULL;
    if (!tpm_read_certified(input, &certified, &why)) {
        must(why != NULL);
        return;
    }
    must(input.n == 39 + certified.signer.n + certified.extra.n + certified.name.n +
                        certified.qualified_name.n);
    must(certified.name.n <= TPM_NAME_MAX && certified.extra.n <= TPM_DATA_MAX);
    must_be_inside(certified.name);
    must_be_inside(certified.extra);
}

static void try_signature(void)
{
    uint8_t memory[TPM_SIGNATURE_MAX], raw[2 * 48];
    struct buf b = buf_over(memory, sizeof memory);
    struct tpm_signature signature;
    const char *why = NULL;
    if (!tpm_read_signature(input, &signature, &why)) {
        must(why != NULL);
        return;
    }
    tpm_write_signature(&b, &signature);
    must(buf_ok(&b));
    if (signature.scheme == TPM_ECDSA && x509_ecdsa_to_raw(buf_bytes(&b), 48, raw))
        must(memcmp(raw + 48 - signature.r.n, signature.r.p, signature.r.n) == 0 &&
             memcmp(raw + 96 - signature.s.n, signature.s.p, signature.s.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input = bytes_of(data, size);
    try_public();
    try_certified();
    try_signature();
    return 0;
}
