/* Private: one thing to be signed, from the moment it was judged. */
#ifndef SIGNER_JOB_H
#define SIGNER_JOB_H

#include <crypto/key.h>
#include <ipc/ipc.h>
#include <pki/grant.h>
#include <signer/backend.h>
#include <wire/feed.h>

#include "memory.h"

/* Something that was found right, is in the journal, and is signed after the commit. */
struct job {
    enum ipc_type type;
    uint64_t id;
    char request[LIMIT_REQUEST_ID + 1]; /* for the log; empty: nobody's */
    uint64_t journal;
    enum signer_key key;
    enum x509_sig_alg sig_alg;
    uint8_t tbs[TBS_MAX]; /* a certificate; an answer of OCSP */
    size_t tbs_n;
    size_t complete_n; /* octets of the complete TBSCertList in `list`; its delta CRL's come then */
    struct bytes list; /* TBSCertLists, or a feed object's payload, mapped; owned */
    enum feed_kind feed;
    uint32_t issuer;                /* of an answer of OCSP */
    struct key_signature signature; /* likewise */
    struct record record;
};

#endif
