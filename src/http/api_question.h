/* Questions to the reader: what a route asks, and how the rows of the answer become a reply. */
#ifndef HTTP_API_QUESTION_H
#define HTTP_API_QUESTION_H

#include "api_words.h"
#include "desk.h"

/* What a route asks, by which parameters, and how its rows become a reply. */
struct plan {
    enum question kind;
    const char *const *names;       /* of the query, NULL at the end */
    const struct api_words *states; /* of `state` */
    void (*begin)(struct api_doc *doc);
    void (*row)(struct api_wait *wait, const struct ipc_message *message);
    void (*end)(struct request *request, struct api_wait *wait, int64_t next);
};

/* Asks, with what the query's parameters add to `question`. Parameters: after, limit, product,
 * serial, owner, state, issuer, all. Refuses the request when it cannot. */
void api_question(struct request *request, const struct plan *plan, struct msg_question question);

#endif
