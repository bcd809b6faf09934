/* libtroth-boundary with a mouth, for scenario tests; never installed.
 *
 *   boundary-probe STATE      on stdin, one line each, answered by one line on stdout:
 *     decide DER-FILE SERVICE ACTION [RESOURCE]   the reason's word, of certificate, then of the
 * act report DER-FILE SERVICE KIND                "queued": an event of that kind (a number)
 *     watched DER-FILE                            0 or 1: of a session that began at the start
 *     stand                                       how it stands, as "name value" pairs
 * What a person should know goes to stderr. */
#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <boundary/boundary.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_N 1024
#define WORDS_MAX 5

static int64_t began_us;

static void tell(void *context, const struct err *why)
{
    (void)context;
    fprintf(stderr, "alarm E%d %s\n", why->code, why->text);
}

static enum boundary_action action_of(const char *word)
{
    static const struct {
        const char *word;
        enum boundary_action action;
    } rows[] = {{"connect", BOUNDARY_CONNECT},
                {"publish", BOUNDARY_PUBLISH},
                {"subscribe", BOUNDARY_SUBSCRIBE},
                {"request", BOUNDARY_REQUEST}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (strcmp(rows[i].word, word) == 0)
            return rows[i].action;
    return BOUNDARY_ACTION_NONE;
}

static enum boundary_reason identify(struct boundary *boundary, const char *file,
                                     struct boundary_identity *ret)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct err err = {0};
    if (file_read(file, LIMIT_CERTIFICATE_BYTES, &der, &err) != OK)
        return BOUNDARY_NO_CERTIFICATE;
    return boundary_verify_der(boundary, blob_bytes(&der), clock_now_s(), ret);
}

static void decide(struct boundary *boundary, char *const words[WORDS_MAX])
{
    struct boundary_identity identity = {0};
    enum boundary_reason reason = identify(boundary, words[1], &identity);
    if (reason == BOUNDARY_ADMITTED)
        reason = boundary_decide(boundary, &identity, text_bytes(words[2]), action_of(words[3]),
                                 text_bytes(words[4]));
    puts(boundary_reason_word(reason));
}

static void report(struct boundary *boundary, char *const words[WORDS_MAX])
{
    struct boundary_identity identity = {0};
    const struct boundary_event event = {
        .kind = (enum boundary_report_kind)strtoul(words[3], NULL, 10),
        .identity = &identity,
        .service = text_bytes(words[2]),
        .reason = BOUNDARY_ADMITTED,
    };
    enum boundary_reason reason = identify(boundary, words[1], &identity);
    if (reason == BOUNDARY_ADMITTED)
        boundary_report(boundary, &event);
    puts(reason == BOUNDARY_ADMITTED ? "queued" : boundary_reason_word(reason));
}

static void watched(struct boundary *boundary, char *const words[WORDS_MAX])
{
    struct boundary_identity identity = {0};
    bool is = identify(boundary, words[1], &identity) == BOUNDARY_ADMITTED &&
              boundary_is_watched(boundary, &identity, began_us);
    puts(is ? "1" : "0");
}

static void stand(struct boundary *boundary)
{
    struct boundary_standing standing;
    boundary_stand(boundary, &standing);
    printf("status %" PRIu64 " service %" PRIu64 " age_ms %" PRId64 " ledger %" PRIu64
           " forked %d waiting %" PRIu64 " lost %" PRIu64 " refused %" PRIu64 " shards %zu\n",
           standing.status_generation, standing.service_generation, standing.age_ms,
           standing.ledger_size, standing.is_forked, standing.events_waiting, standing.events_lost,
           standing.polls_refused, standing.shards);
}

static void split(char *line, char *words[WORDS_MAX])
{
    static char empty[] = "";
    char *rest = line;
    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < WORDS_MAX; i++) {
        words[i] = rest != NULL ? strsep(&rest, " ") : empty;
    }
}

static void answer(struct boundary *boundary, char *line)
{
    char *words[WORDS_MAX];
    split(line, words);
    if (strcmp(words[0], "decide") == 0)
        decide(boundary, words);
    else if (strcmp(words[0], "report") == 0)
        report(boundary, words);
    else if (strcmp(words[0], "watched") == 0)
        watched(boundary, words);
    else if (strcmp(words[0], "stand") == 0)
        stand(boundary);
    else
        puts("?");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct boundary *boundary = NULL;
    struct err err = {0};
    char line[LINE_MAX_N];
    const struct boundary_settings settings = {.state = argc == 2 ? argv[1] : "", .alarm = tell};
    enum result result = boundary_open(&settings, &boundary, &err);
    began_us = clock_boot_us();
    if (result == OK)
        result = boundary_start(boundary, &err);
    if (result != OK) {
        tell(NULL, &err);
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL)
        answer(boundary, line);
    boundary_close(boundary);
    return 0;
}
