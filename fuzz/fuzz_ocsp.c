// Every OCSP request that wire accepts, OpenSSL accepts with the same certificates and nonce.
#include "openssl_compare.h"

#include <openssl/ocsp.h>
#include <wire/ocsp.h>

static void compare_ids(OCSP_REQUEST *request, const struct ocsp_request *ours)
{
    must((size_t)OCSP_request_onereq_count(request) == ours->ids_n);
    for (int i = 0; (size_t)i < ours->ids_n; i++) {
        const struct ocsp_id *id = &ours->ids[i];
        OCSP_CERTID *other = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i));
        ASN1_OCTET_STRING *name = NULL, *key = NULL;
        ASN1_INTEGER *serial = NULL;
        ASN1_OBJECT *hash = NULL;
        unsigned char *encoded = NULL;
        must(OCSP_id_get0_info(&name, &hash, &key, &serial, other) == 1);
        must_be_serial(serial, id->serial);
        must_be_bits(name, id->name_hash);
        must_be_bits(key, id->key_hash);
        must((OBJ_obj2nid(hash) == NID_sha1) == (id->hash == OCSP_HASH_SHA1));
        must((OBJ_obj2nid(hash) == NID_sha256) == (id->hash == OCSP_HASH_SHA256));
        int n = i2d_OCSP_CERTID(other, &encoded);
        must_encode(n, encoded, id->whole);
    }
}

static void compare_nonce(OCSP_REQUEST *request, struct bytes nonce)
{
    int at = OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1);
    if (nonce.n == 0)
        return;
    must(at >= 0 && nonce.n >= OCSP_NONCE_LEAST && nonce.n <= OCSP_NONCE_MOST);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(request, at));
    must((size_t)ASN1_STRING_length(value) == nonce.n + 2);
    must(memcmp(ASN1_STRING_get0_data(value) + 2, nonce.p, nonce.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ocsp_request ours;
    const char *why = NULL;
    if (!ocsp_read_request(bytes_of(data, size), &ours, &why)) {
        must(why != NULL);
        return 0;
    }
    must(ours.ids_n >= 1 && ours.ids_n <= OCSP_IDS_MAX);
    // What is passed over here (who asks, his signature) OpenSSL may refuse.
    const unsigned char *p = data;
    OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &p, (long)size);
    if (request == NULL)
        return 0;
    must(p == data + size);
    compare_ids(request, &ours);
    compare_nonce(request, ours.nonce);
    OCSP_REQUEST_free(request);
    return 0;
}
