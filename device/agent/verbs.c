#include <agent/obtain.h>
#include <agent/verbs.h>
#include <base/clock.h>
#include <base/log.h>
#include <client/backoff.h>
#include <wire/hex.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WAKE_MOST_S 3600 /* longest sleep: a clock that was set is noticed by then */
#define NOT_DUE 1        /* exit status */

static const struct backoff pace = {.first_ms = 1000, .most_ms = 900000};

/* ---- words ------------------------------------------------------------------------------------
 */

struct said {
    char serial[2 * X509_SERIAL_MAX + 1];
    char until[32];
    char due[32];
};

static void write_instant(int64_t at_s, char to[32])
{
    time_t at = (time_t)at_s;
    struct tm parts;
    if (at_s >= DER_TIME_NO_EXPIRY || gmtime_r(&at, &parts) == NULL)
        snprintf(to, 32, "never");
    else
        strftime(to, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static struct said describe(const struct agent *agent, const struct x509_cert *cert)
{
    struct said said = {0};
    struct buf serial = buf_over(said.serial, sizeof said.serial - 1);
    hex_encode(&serial, cert->serial);
    write_instant(cert->not_after_s, said.until);
    write_instant(obtain_due_s(agent, cert), said.due);
    return said;
}

static enum result say_current(const struct agent *agent, const struct verb_output *output,
                               struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    TRY(obtain_current(agent, &der, &cert, err));
    struct said said = describe(agent, &cert);
    if (output->is_json)
        printf("{\"serial\": \"%s\", \"until\": \"%s\", \"due\": \"%s\"}\n", said.serial,
               said.until, said.due);
    else
        printf("certificate %s, valid until %s, renewal due %s\n", said.serial, said.until,
               said.due);
    return OK;
}

/* ---- once -------------------------------------------------------------------------------------
 */

static enum result explain_wait(enum result result, uint32_t retry_after_s, struct err *err)
{
    if (result == R_WAIT && retry_after_s > 0)
        err_prefix(err, "held; ask again in %u s", retry_after_s);
    return result;
}

/* A certificate that is in time, and no request on its way. */
static bool is_enrolled(const struct agent *agent, int64_t now_s)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    if (state_has(agent->state, STATE_NEXT) || obtain_current(agent, &der, &cert, NULL) != OK)
        return false;
    return now_s <= cert.not_after_s;
}

enum result verb_enrol(const struct agent *agent, struct verb_output *output, struct err *err)
{
    uint32_t retry_after_s = 0;
    int64_t now_s = clock_now_s();
    if (!agent->is_anew && is_enrolled(agent, now_s)) {
        TRY(obtain_prove(agent, err));
        return say_current(agent, output, err);
    }
    enum result result = obtain_first(agent, now_s, &retry_after_s, err);
    TRY(explain_wait(result, retry_after_s, err));
    return say_current(agent, output, err);
}

enum result verb_renew(const struct agent *agent, struct verb_output *output, struct err *err)
{
    uint32_t retry_after_s = 0;
    enum result result = obtain_renewal(agent, clock_now_s(), &retry_after_s, err);
    TRY(explain_wait(result, retry_after_s, err));
    return say_current(agent, output, err);
}

enum result verb_due(const struct agent *agent, struct verb_output *output, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    TRY(obtain_current(agent, &der, &cert, err));
    output->exit_status = clock_now_s() >= obtain_due_s(agent, &cert) ? 0 : NOT_DUE;
    return say_current(agent, output, err);
}

/* ---- for ever ---------------------------------------------------------------------------------
 */

static bool has_lasting_proof(const struct agent *agent)
{
    return agent->key_file != NULL || agent->idevid_certificate != NULL;
}

/* The server no longer takes an expired certificate: the first proof may still be good. */
static bool is_beyond_grace(const struct agent *agent, const struct x509_cert *cert, int64_t now_s,
                            enum result result)
{
    return now_s > cert->not_after_s && has_lasting_proof(agent) &&
           (result == R_REFUSED || result == R_UNAUTHORISED);
}

static enum result renew_or_enrol_anew(const struct agent *agent, const struct x509_cert *cert,
                                       int64_t now_s, uint32_t *ret_retry_after_s, struct err *err)
{
    enum result result = obtain_renewal(agent, now_s, ret_retry_after_s, err);
    if (!is_beyond_grace(agent, cert, now_s, result))
        return result;
    TRY(state_drop_next(agent->state, err));
    return obtain_first(agent, now_s, ret_retry_after_s, err);
}

/* Does what is due; *ret_due_s is when to look again after success. */
static enum result step(const struct agent *agent, int64_t now_s, int64_t *ret_due_s,
                        uint32_t *ret_retry_after_s, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    if (!state_has(agent->state, STATE_CURRENT))
        TRY(obtain_first(agent, now_s, ret_retry_after_s, err));
    TRY(obtain_current(agent, &der, &cert, err));
    bool is_due = now_s >= obtain_due_s(agent, &cert) || state_has(agent->state, STATE_NEXT);
    if (is_due) {
        TRY(renew_or_enrol_anew(agent, &cert, now_s, ret_retry_after_s, err));
        blob_free(&der);
        TRY(obtain_current(agent, &der, &cert, err));
    }
    TRY(obtain_prove(agent, err));
    *ret_due_s = obtain_due_s(agent, &cert);
    return OK;
}

static void log_current(const struct agent *agent)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert cert;
    struct err err = {0};
    if (obtain_current(agent, &der, &cert, &err) != OK)
        return;
    struct said said = describe(agent, &cert);
    log_event(LEVEL_INFO, "identity", {"serial", said.serial}, {"until", said.until},
              {"due", said.due});
}

static void sleep_until(int64_t due_s)
{
    int64_t left_s = due_s - clock_now_s();
    if (left_s > WAKE_MOST_S)
        left_s = WAKE_MOST_S;
    backoff_sleep_ms(left_s > 0 ? (uint32_t)left_s * 1000 : 1000);
}

/* Held for a person is no failure: the server has the request and says when to ask again. */
static void log_wait(enum result result, uint32_t wait_ms, const struct err *err)
{
    if (result == R_WAIT) {
        log_event(LEVEL_INFO, "held", {"ms", log_number(wait_ms).text});
        return;
    }
    log_err(LEVEL_WARNING, "attempt", err, NULL);
    log_event(LEVEL_INFO, "waits", {"ms", log_number(wait_ms).text});
}

enum result verb_run(const struct agent *agent, struct verb_output *output, struct err *err)
{
    (void)output;
    int64_t due_s = 0, logged_due_s = 0;
    for (unsigned attempt = 0;;) {
        uint32_t retry_after_s = 0;
        enum result result = step(agent, clock_now_s(), &due_s, &retry_after_s, err);
        if (result == R_BUG)
            return result;
        if (result == OK) {
            attempt = 0;
            if (due_s != logged_due_s)
                log_current(agent);
            logged_due_s = due_s;
            sleep_until(due_s);
            continue;
        }
        uint32_t wait_ms = backoff_wait_ms(&pace, attempt++, retry_after_s);
        log_wait(result, wait_ms, err);
        backoff_sleep_ms(wait_ms);
    }
}
