#include <wire/oid.h>

#define OID(name, literal) const struct bytes oid_##name = BYTES_TEXT_INIT(literal)

OID(ec_public_key, "\x2a\x86\x48\xce\x3d\x02\x01");          // 1.2.840.10045.2.1
OID(prime256v1, "\x2a\x86\x48\xce\x3d\x03\x01\x07");         // 1.2.840.10045.3.1.7
OID(secp384r1, "\x2b\x81\x04\x00\x22");                      // 1.3.132.0.34
OID(ecdsa_sha256, "\x2a\x86\x48\xce\x3d\x04\x03\x02");       // 1.2.840.10045.4.3.2
OID(ecdsa_sha384, "\x2a\x86\x48\xce\x3d\x04\x03\x03");       // 1.2.840.10045.4.3.3
OID(ecdsa_sha512, "\x2a\x86\x48\xce\x3d\x04\x03\x04");       // 1.2.840.10045.4.3.4
OID(ed25519, "\x2b\x65\x70");                                // 1.3.101.112
OID(rsa_encryption, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"); // 1.2.840.113549.1.1.1
OID(rsa_sha256, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b");     // 1.2.840.113549.1.1.11
OID(rsa_sha384, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c");     // 1.2.840.113549.1.1.12
OID(rsa_sha512, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d");     // 1.2.840.113549.1.1.13

// Signatures over hashes whose collisions are found.
OID(rsa_md5, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04");  // 1.2.840.113549.1.1.4
OID(rsa_sha1, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"); // 1.2.840.113549.1.1.5
OID(rsa_sha1_oiw, "\x2b\x0e\x03\x02\x1d");             // 1.3.14.3.2.29
OID(ecdsa_sha1, "\x2a\x86\x48\xce\x3d\x04\x01");       // 1.2.840.10045.4.1
OID(dsa_sha1, "\x2a\x86\x48\xce\x38\x04\x03");         // 1.2.840.10040.4.3

OID(common_name, "\x55\x04\x03");         // 2.5.4.3
OID(serial_number, "\x55\x04\x05");       // 2.5.4.5
OID(country, "\x55\x04\x06");             // 2.5.4.6
OID(organization, "\x55\x04\x0a");        // 2.5.4.10
OID(organizational_unit, "\x55\x04\x0b"); // 2.5.4.11

OID(subject_key_id, "\x55\x1d\x0e");                            // 2.5.29.14
OID(key_usage, "\x55\x1d\x0f");                                 // 2.5.29.15
OID(subject_alt_name, "\x55\x1d\x11");                          // 2.5.29.17
OID(basic_constraints, "\x55\x1d\x13");                         // 2.5.29.19
OID(crl_number, "\x55\x1d\x14");                                // 2.5.29.20
OID(reason_code, "\x55\x1d\x15");                               // 2.5.29.21
OID(invalidity_date, "\x55\x1d\x18");                           // 2.5.29.24
OID(delta_crl_indicator, "\x55\x1d\x1b");                       // 2.5.29.27
OID(freshest_crl, "\x55\x1d\x2e");                              // 2.5.29.46
OID(issuing_distribution_point, "\x55\x1d\x1c");                // 2.5.29.28
OID(name_constraints, "\x55\x1d\x1e");                          // 2.5.29.30
OID(crl_distribution_points, "\x55\x1d\x1f");                   // 2.5.29.31
OID(authority_key_id, "\x55\x1d\x23");                          // 2.5.29.35
OID(extended_key_usage, "\x55\x1d\x25");                        // 2.5.29.37
OID(authority_info_access, "\x2b\x06\x01\x05\x05\x07\x01\x01"); // 1.3.6.1.5.5.7.1.1
OID(ad_ocsp, "\x2b\x06\x01\x05\x05\x07\x30\x01");               // 1.3.6.1.5.5.7.48.1
OID(ad_ca_issuers, "\x2b\x06\x01\x05\x05\x07\x30\x02");         // 1.3.6.1.5.5.7.48.2

OID(any_eku, "\x55\x1d\x25\x00");                      // 2.5.29.37.0
OID(server_auth, "\x2b\x06\x01\x05\x05\x07\x03\x01");  // 1.3.6.1.5.5.7.3.1
OID(client_auth, "\x2b\x06\x01\x05\x05\x07\x03\x02");  // 1.3.6.1.5.5.7.3.2
OID(ocsp_signing, "\x2b\x06\x01\x05\x05\x07\x03\x09"); // 1.3.6.1.5.5.7.3.9
OID(cmc_ra, "\x2b\x06\x01\x05\x05\x07\x03\x1c");       // 1.3.6.1.5.5.7.3.28

OID(hardware_module_name, "\x2b\x06\x01\x05\x05\x07\x08\x04"); // 1.3.6.1.5.5.7.8.4

OID(challenge_password, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"); // 1.2.840.113549.1.9.7
OID(extension_request, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e");  // 1.2.840.113549.1.9.14
OID(pkcs7_data, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");         // 1.2.840.113549.1.7.1
OID(pkcs7_signed_data, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02");  // 1.2.840.113549.1.7.2

// 1.2.840.113549.1.9.16.2.61 and .62
OID(request_template, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3d");
OID(extension_template, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3e");

OID(sha1, "\x2b\x0e\x03\x02\x1a");                                 // 1.3.14.3.2.26
OID(sha256, "\x60\x86\x48\x01\x65\x03\x04\x02\x01");               // 2.16.840.1.101.3.4.2.1
OID(ocsp_basic, "\x2b\x06\x01\x05\x05\x07\x30\x01\x01");           // 1.3.6.1.5.5.7.48.1.1
OID(ocsp_nonce, "\x2b\x06\x01\x05\x05\x07\x30\x01\x02");           // 1.3.6.1.5.5.7.48.1.2
OID(ocsp_no_check, "\x2b\x06\x01\x05\x05\x07\x30\x01\x05");        // 1.3.6.1.5.5.7.48.1.5
OID(ocsp_extended_revoke, "\x2b\x06\x01\x05\x05\x07\x30\x01\x09"); // 1.3.6.1.5.5.7.48.1.9
