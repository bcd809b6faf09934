/* Every quantity that a peer controls, with its unit and the reason for its size. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_CSR_BYTES 8192         /* DER; an RSA-4096 CSR with attributes is under 2 KB */
#define LIMIT_SPKI_BYTES 800         /* DER; RSA-4096 takes 550 */
#define LIMIT_CERTIFICATE_BYTES 8192 /* DER; IDevIDs with long names are under 3 KB */
#define LIMIT_CHAIN_CERTIFICATES 6   /* a peer's chain: leaf, intermediates, perhaps the root */
#define LIMIT_AUTHORITIES 64         /* issuers and foreign anchors that chains may end in */
#define LIMIT_OCSP_BYTES 4096        /* a request for OCSP_IDS_MAX, signed with a chain */
#define LIMIT_BODY_BYTES 65536       /* HTTP body of a device; base64 of a CSR is far below */
#define LIMIT_IMPORT_BYTES                                                                         \
    (64 << 20) /* an import file: about 200,000 devices with certificates                          \
                */
#define LIMIT_IMPORT_RECORDS                                                                       \
    (512 << 20) /* the same as records for core: no line is its own limit */
#define LIMIT_IMPORT_ROWS                                                                          \
    1000000 /* lines of an import: about 150 bytes each are held while reading */
#define LIMIT_IMPORT_LINE 16384    /* one CSV line: a PEM certificate in a field */
#define LIMIT_FOREIGN_SPKI 2400    /* DER of a key in a certificate of another CA: RSA-16384 */
#define LIMIT_SCAN_ROWS 10000      /* lines of one upload of a scan: each answers by itself */
#define LIMIT_SCAN_LINE 81920      /* one of them: a chain of LIMIT_CHAIN_CERTIFICATES in base64 */
#define LIMIT_PLACE 272            /* where a scan looked, "host:port": RFC 1035 2.3.4 and a port */
#define LIMIT_MANIFEST_ENTRY 65536 /* one device of a maker's manifest: 16 keys and chains */
#define LIMIT_SERIAL_NUMBER 64     /* device serial: X520SerialNumber ub (RFC 5280 A.1) */
#define LIMIT_REQUEST_ID 16        /* hexadecimal digits that a listener gave a request */
#define LIMIT_NAME 64              /* product, owner, batch, operator, label: octets */
#define LIMIT_SERVICES 8           /* that one boundary guards: they are in each of its streams */
#define LIMIT_PATTERN 256          /* of a binding: wire/pattern.h; octets */
#define LIMIT_TOKEN 64             /* HTTP Basic password: octets */
#define LIMIT_TEXT 256             /* reasons and notes by people: octets */
#define LIMIT_SUBJECT 512          /* a name in a certificate of another CA, as text: octets */
#define LIMIT_BOUNDARIES 1000      /* in use: a heartbeat names each */
#define LIMIT_ENTRY_BYTES 65535    /* one ledger entry: tlog-tiles' length prefix */
#define LIMIT_MESSAGE_BYTES 65536  /* one message between processes */
#define LIMIT_PAGE_ROWS 200        /* rows of one page of a list */
#define LIMIT_SLOW_LINE_BYTES_S 16384 /* a slower sender or reader of a body is cut */
#define LIMIT_DOORS 16 /* open tokens, and permits, of one device: one entry ends all */
#define LIMIT_CLAIMS_AN_HOUR 1000000 /* more is no bound: a core enrols less in an hour */
#define LIMIT_BULK_ALONE                                                                           \
    500 /* devices that one person's bulk verbs end in an hour without another */
#define LIMIT_POLICY_BYTES                                                                         \
    1024 /* a policy as CBOR: every setting and every effect take half of it */
#define LIMIT_POLICY_WORDS 4096  /* and what it changes, in words: octets */
#define LIMIT_POLICY_JUDGED 2048 /* and to how many devices, in words: octets */
#define LIMIT_GRACE_S                                                                              \
    157680000 /* 5 years: an LDevID expired for longer proves nothing, whatever policy says        \
               */

#endif
