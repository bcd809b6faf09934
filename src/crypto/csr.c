#include <crypto/csr.h>

#include <wire/x509_write.h>

#define CSR_MADE_MAX 4096 /* octets: our own requests have a name and a few attributes */

enum result sign_into(struct key *key, struct bytes info, struct buf *b, struct err *err)
{
    struct key_signature signature;

    TRY(key_sign(key, info, &signature, err));
    x509_write_signed(b, info, key_sig_alg(key), key_signature_bytes(&signature));
    return OK;
}

enum result csr_make(struct key *key, const struct x509_name_part *subject, size_t subject_n,
                     struct bytes attributes, struct blob *ret, struct err *err)
{
    uint8_t info_room[CSR_MADE_MAX], csr_room[CSR_MADE_MAX];
    struct buf info = buf_over(info_room, sizeof(info_room));
    struct buf csr = buf_over(csr_room, sizeof(csr_room));

    x509_write_csr_info(&info, &(struct x509_csr_fields){.subject = subject,
                                                         .subject_n = subject_n,
                                                         .spki = key_spki(key),
                                                         .attributes = attributes});
    if (!buf_ok(&info))
        return err_set(err, E_BUG, "the request's subject or key cannot be written");
    TRY(sign_into(key, buf_bytes(&info), &csr, err));
    if (!buf_ok(&csr))
        return err_set(err, E_BUG, "the request is above %d octets", CSR_MADE_MAX);
    if (blob_copy(buf_bytes(&csr), ret) != OK)
        return err_set(err, E_MEMORY, "no memory for a request");
    return OK;
}
