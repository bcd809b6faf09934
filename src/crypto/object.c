#include <crypto/object.h>

#include <openssl/x509.h>
#include <stdlib.h>

enum result object_take_certificate(void *x509, struct blob *ret, struct err *err)
{
    uint8_t *der = NULL;
    if (x509 == NULL)
        return err_set(err, E_CERTIFICATE, "no certificate was shown");
    int n = i2d_X509(x509, &der);
    X509_free(x509);
    if (n <= 0)
        return err_set(err, E_MEMORY, "no memory for a certificate");
    enum result result = blob_copy(bytes_of(der, (size_t)n), ret);
    OPENSSL_free(der);
    return result == OK ? OK : err_set(err, E_MEMORY, "no memory for a certificate");
}
