/* Is the key one that profile and product take? */
#include "enrol.h"

#include <pki/keyquality.h>

enum result enrol_check_key(const struct msg_enrol *ask, struct enrolment *job, struct err *err)
{
    const char *why = NULL;
    struct x509_key key;
    if (!x509_read_spki(ask->spki, &key, &why))
        return err_set(err, E_CSR, "the public key: %s", why);
    job->key_bit = keys_bit(key.alg);
    if (key.alg == X509_KEY_P256)
        return OK; /* the signer verifies with it, which finds a point off the curve */
    return keyquality_check(&key, profile_find(PKI_LDEVID)->keys, err);
}

enum result enrol_check_product(struct enrolment *job, struct err *err)
{
    uint32_t accepted = product_keys(&job->subject.product);
    if (accepted & job->key_bit)
        return OK;
    job->is_proven = true;
    return err_set(err, E_KEY_KIND, "product \"%s\": the key is %s, accepted are: %s",
                   job->subject.product.name, keys_text(job->key_bit).text,
                   keys_text(accepted).text);
}
