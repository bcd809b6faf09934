/* The questions of an operator (ipc/question.h), all reading, inside one snapshot of the store. */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include <ipc/ipc.h>
#include <ipc/question.h>
#include <store/store.h>

/* One question under way; the caller fills the first part, the answer fills the second. */
struct query {
    struct store *store;
    const struct msg_question *asked;
    int64_t now_s;
    bool is_lab;            /* the configuration says so: the root's key may be here */
    uint32_t product_per_s; /* certificates that a product may have a second; 0: no limit */
    /* Takes one row of the answer: struct msg_NAME of `type`, whose bytes live until it returns. A
     * failure ends the answer. */
    enum result (*give)(void *context, enum ipc_type type, const void *row, struct err *err);
    void *context;

    struct operator_row who; /* who asks */
    uint32_t limit;          /* rows of a page, 1 .. LIMIT_PAGE_ROWS */
    int64_t next;            /* cursor of the next page, 0: no more */
};

/* Answers `query->asked`, whose texts outlive the call. Role and owner scope are those of the
 * operator row with the asker's key: E_OPERATOR when there is none in use, when the role is too low
 * or the question is not for an operator with a scope. What lies outside the scope is E_NOT_FOUND,
 * as if it were not there. E_SYNTAX for an unknown question, a filter that it does not have, or a
 * cursor below zero. Not checked: whether the asker has the key (the desk's TLS showed it). */
MUST_USE enum result query_answer(struct query *query, struct err *err);

#endif
