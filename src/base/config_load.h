/* The configuration as the file has it: every value typed, NULL where the file says nothing.
 * Private to the configuration; config.c turns it into struct config. */
#ifndef BASE_CONFIG_LOAD_H
#define BASE_CONFIG_LOAD_H

#include "config_yaml.h"

struct loaded_server {
    char **names;
    unsigned names_count;
};

struct loaded_listen {
    char *device, *operators, *plain, *local;
};

struct loaded_limits {
    uint32_t *connections, *per_ip, *idle_s, *handshake_ms, *header_ms, *body_ms, *request_ms,
        *requests, *product_per_s, *product_burst, *address_per_s, *address_burst, *ocsp_per_s,
        *approval_s;
};

struct loaded_sandbox {
    int *seccomp, *landlock;
};

struct loaded_log {
    int *format, *to, *level;
};

struct loaded_retention {
    uint32_t *answers_s, *counters_s, *seen_s, *checkpoints_s, *webhooks_s;
};

struct loaded_webhook {
    char *name, *url, *ca_file, *owner;
    uint32_t *events, *timeout_ms;
    int *severity;
};

struct loaded {
    char *data, *public_files, *passphrase_file, *public_url, *users;
    uint32_t *fronts;
    int *lab;
    struct loaded_server server;
    struct loaded_listen listen;
    struct loaded_limits limits;
    struct loaded_sandbox sandbox;
    struct loaded_log log;
    struct loaded_retention retention;
    struct loaded_webhook *webhooks;
    unsigned webhooks_count;
};

/* Reads the text by the schema. `document` is the same text's, for the lines of messages. E_CONFIG
 * for whatever the schema refuses and for every warning. The caller frees with loaded_freep. */
MUST_USE enum result config_load(struct yaml_text text, yaml_document_t *document,
                                 struct loaded **ret, struct err *err);

void loaded_freep(struct loaded **loaded);

#endif
