/* Again, when that may help and changes nothing. */
#include <client/backoff.h>
#include <client/http.h>

#define RETRY_WAIT_MAX_S 30 /* who is asked to wait longer is told so instead */

static const struct backoff pace = {.first_ms = 250, .most_ms = 8000};

static bool is_repeatable(const struct client_request *request)
{
    return request->method == CLIENT_GET || request->idempotency_key != NULL;
}

static bool is_worth_another(const struct client_request *request, enum result result,
                             const struct client_answer *answer, const struct err *err)
{
    if (result == OK)
        return answer->status == 503 && answer->retry_after_s <= RETRY_WAIT_MAX_S;
    return err->code == E_UNREACHABLE && is_repeatable(request);
}

enum result client_send(struct client *client, const struct client_request *request, unsigned tries,
                        struct client_answer *ret, struct err *err)
{
    for (unsigned attempt = 0;; attempt++) {
        CLEANUP(client_answer_free) struct client_answer answer = {0};
        struct err why = {0};
        enum result result = client_exchange(client, request, &answer, &why);
        if (attempt + 1 >= tries || !is_worth_another(request, result, &answer, &why)) {
            if (result != OK)
                return err_set(err, why.code, "%s", why.text);
            *ret = answer;
            answer = (struct client_answer){0};
            return OK;
        }
        backoff_sleep_ms(backoff_wait_ms(&pace, attempt, answer.retry_after_s));
    }
}
