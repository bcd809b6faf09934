// Object identifiers, as the content octets of their DER.
#pragma once

#include <wire/bytes.h>

// Keys and signatures: RFC 5480, RFC 8017, RFC 8410.
extern const struct bytes oid_ec_public_key;
extern const struct bytes oid_prime256v1;
extern const struct bytes oid_secp384r1;
extern const struct bytes oid_ecdsa_sha256;
extern const struct bytes oid_ecdsa_sha384;
extern const struct bytes oid_ecdsa_sha512;
extern const struct bytes oid_ed25519;
extern const struct bytes oid_rsa_encryption;
extern const struct bytes oid_rsa_sha256;
extern const struct bytes oid_rsa_sha384;
extern const struct bytes oid_rsa_sha512;
extern const struct bytes oid_rsa_md5;
extern const struct bytes oid_rsa_sha1;
extern const struct bytes oid_rsa_sha1_oiw; // of OIW, before PKCS #1 had its own
extern const struct bytes oid_ecdsa_sha1;
extern const struct bytes oid_dsa_sha1;

// Attributes of a distinguished name: RFC 5280 appendix A.
extern const struct bytes oid_common_name;
extern const struct bytes oid_serial_number;
extern const struct bytes oid_country;
extern const struct bytes oid_organization;
extern const struct bytes oid_organizational_unit;

// Extensions of certificates, CRLs and CRL entries: RFC 5280 sections 4.2 and 5.
extern const struct bytes oid_subject_key_id;
extern const struct bytes oid_key_usage;
extern const struct bytes oid_subject_alt_name;
extern const struct bytes oid_basic_constraints;
extern const struct bytes oid_crl_number;
extern const struct bytes oid_reason_code;
extern const struct bytes oid_invalidity_date;
extern const struct bytes oid_issuing_distribution_point;
extern const struct bytes oid_delta_crl_indicator;
extern const struct bytes oid_freshest_crl;
extern const struct bytes oid_name_constraints;
extern const struct bytes oid_crl_distribution_points;
extern const struct bytes oid_authority_key_id;
extern const struct bytes oid_extended_key_usage;
extern const struct bytes oid_authority_info_access;
extern const struct bytes oid_ad_ocsp;
extern const struct bytes oid_ad_ca_issuers;

// Extended key usages: RFC 5280 4.2.1.12, RFC 6402 2.10.
extern const struct bytes oid_any_eku;
extern const struct bytes oid_server_auth;
extern const struct bytes oid_client_auth;
extern const struct bytes oid_ocsp_signing;
extern const struct bytes oid_cmc_ra;

// id-on-hardwareModuleName: RFC 4108 section 5.
extern const struct bytes oid_hardware_module_name;

// PKCS #9 attributes of a request (RFC 2985) and PKCS #7 content types (RFC 5652).
extern const struct bytes oid_challenge_password;
extern const struct bytes oid_extension_request;
// id-aa-certificationRequestInfoTemplate, id-aa-extensionReqTemplate: RFC 9908 3.4.
extern const struct bytes oid_request_template;
extern const struct bytes oid_extension_template;

extern const struct bytes oid_pkcs7_data;
extern const struct bytes oid_pkcs7_signed_data;

// Hashes that name a certificate's issuer, and what stands in OCSP: RFC 6960 4.1.1, 4.2, 4.4.
extern const struct bytes oid_sha1;
extern const struct bytes oid_sha256;
extern const struct bytes oid_ocsp_basic;
extern const struct bytes oid_ocsp_nonce;
extern const struct bytes oid_ocsp_no_check;
extern const struct bytes oid_ocsp_extended_revoke;
