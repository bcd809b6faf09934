/* Private: names and addresses inside certificates. */
#ifndef PKI_NAME_H
#define PKI_NAME_H

#include <pki/grant.h>
#include <wire/x509_name.h>

#define KEY_ID_N 20 /* octets of a subjectKeyIdentifier of ours */

/* The octets of the BIT STRING in it; empty for what is none. */
struct bytes bits_of_spki(struct bytes spki);

/* RFC 7093 section 2 method 1: the first 160 bits of SHA-256 over the key's octets. */
void key_id_of_spki(struct bytes spki, uint8_t ret[KEY_ID_N]);

/* RFC 5280 4.2.1.2 method 1, SHA-1: of a responder, whom an answer calls by the same hash (RFC 6960
 * 4.2.2.3). */
void key_hash_of_spki(struct bytes spki, uint8_t ret[KEY_ID_N]);

/* As the profile has it. */
void profile_key_id(const struct profile *profile, struct bytes spki, uint8_t ret[KEY_ID_N]);

/* A server name as a general name: an IP literal's octets go into `room`. */
struct x509_general_name server_name(struct bytes name, uint8_t room[16]);

void put_decimal(struct buf *b, uint64_t value);

#endif
