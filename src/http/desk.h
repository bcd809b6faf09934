/* The desk from the inside: what its handlers share. One process, one thread. */
#ifndef HTTP_DESK_INSIDE_H
#define HTTP_DESK_INSIDE_H

#include "listener.h"
#include "request.h"
#include "upkeep.h"

#include <http/desk.h>
#include <ipc/ipc.h>
#include <ipc/question.h>
#include <proto/api.h>

struct desk {
    const struct desk_setup *setup;
    struct listener *listener;
    struct ipc_channel core, reader;
    struct reload reload;
    struct upkeep upkeep;
    bool said_ready;
    bool is_core_loaded; /* questions and imports wait */
};

/* The operators' routes; ends with a row without path. */
extern const struct route desk_routes[];

/* A request that waits for core or reader. It is the request's context: request_find() by the `id`
 * of a message gives the request, and `take` gets each message with that id until it replied. */
struct api_wait {
    void (*take)(struct request *request, struct api_wait *wait, const struct ipc_message *message);
    const void *plan;    /* of the handler that waits: a const table row of its own */
    struct api_doc *doc; /* the reply so far */
    void *own;           /* and what else it has */
    void (*own_free)(void *own);
    bool is_dry_run;
};

/* Makes the request's wait with an empty document. E_MEMORY. */
MUST_USE enum result api_wait_begin(struct request *request, struct api_wait **ret,
                                    struct err *err);

/* What is no verb yields while core is loaded: devices go first, and so do verbs. E_BUSY. */
MUST_USE enum result api_may_ask(const struct request *request, struct err *err);

/* Sends and lets the request wait. E_BUSY when the peer's queue is full, and by api_may_ask() for
 * the reader. */
MUST_USE enum result api_ask_core(struct request *request, enum ipc_type type, const void *message,
                                  int pass_fd, struct err *err);
MUST_USE enum result api_ask_reader(struct request *request, const struct msg_question *question,
                                    struct err *err);

#define API_KEY_N 64 /* LIMIT_NAME: hex of a SHA-256 */

/* What every verb has: the request's number, the operator's key (zero on the local socket),
 * dry_run, and an Idempotency-Key that covers address and body too, so that the same key with
 * another request is another key. It lies in `key_space`. E_SYNTAX. */
MUST_USE enum result api_read_asked(const struct request *request, char key_space[API_KEY_N],
                                    struct msg_clock_accept *ret, struct err *err);

/* The same where the query may have other parameters as well: `names`, with dry_run, NULL at its
 * end. */
MUST_USE enum result api_read_asked_of(const struct request *request, const char *const *names,
                                       char key_space[API_KEY_N], struct msg_clock_accept *ret,
                                       struct err *err);

/* An import file as import_row records in a sealed memfd, the caller's; -1 when it has no lines.
 * E_BULK_LIST with the first line that is wrong: then nothing of it is taken (api_import.c). */
MUST_USE enum result api_read_rows(struct bytes text, uint32_t *ret_rows, int *ret_fd,
                                   struct err *err);

/* true or false out of the query; 0 when it is not there. E_SYNTAX. */
MUST_USE enum result api_read_flag(const struct request *request, const char *name, uint8_t *ret,
                                   struct err *err);

/* Refuses a query parameter that is not in `names` (NULL at its end): a misspelt filter must not
 * list everything. E_SYNTAX. */
MUST_USE enum result api_check_query(const struct request *request, const char *const *names,
                                     struct err *err);

/* A certificate's serial number out of a path: 1 to 20 octets in hexadecimal. `space` has 20 octets
 * and keeps them. E_SYNTAX. */
MUST_USE enum result api_read_serial(struct bytes hex, uint8_t *space, struct bytes *ret,
                                     struct err *err);

/* Ends the request: with the wait's document, with text, or with what an answer says went wrong. */
void api_reply_doc(struct request *request, const struct api_doc *doc, int status);
void api_reply_text(struct request *request, const char *media_type, struct bytes text);
void api_refuse_code(struct request *request, uint32_t code, struct bytes text);

#endif
