/* The agent's commands, and what they were told. */
#include <agent/verbs.h>
#include <base/clock.h>
#include <base/log.h>
#include <crypto/start.h>

#include <stdio.h>
#include <string.h>

#define DEFAULT_STATE "/var/lib/troth-agent"

static const agent_verb enrol = verb_enrol, renew = verb_renew, due = verb_due, run = verb_run;

#define SERVER                                                                                     \
    {                                                                                              \
        "--server", VALUE_TEXT, "URL", true, "the server's device port: https://host:port"         \
    }
#define PRODUCT                                                                                    \
    {                                                                                              \
        "--product", VALUE_TEXT, "NAME", false, "EST label: the product, as the server names it"   \
    }
#define ANCHOR                                                                                     \
    {                                                                                              \
        "--anchor", VALUE_FILE, "FILE", false, "the server's root, PEM; kept from then on"         \
    }
#define FINGERPRINT                                                                                \
    {                                                                                              \
        "--fingerprint", VALUE_HEX, "SHA256", false,                                               \
            "of the server's root, instead of --anchor: fetched, compared, kept"                   \
    }
#define SERIAL                                                                                     \
    {                                                                                              \
        "--serial", VALUE_TEXT, "SERIAL", false, "the device's serial number; else the IDevID's"   \
    }
#define TOKEN                                                                                      \
    {                                                                                              \
        "--token-file", VALUE_FILE, "FILE", false, "proof: a single-use token, mode 0600"          \
    }
#define KEY                                                                                        \
    {                                                                                              \
        "--key", VALUE_FILE, "FILE", false,                                                        \
            "proof: the factory-registered key, PEM, mode 0600, shown on TLS"                      \
    }
#define ADOPT                                                                                      \
    {                                                                                              \
        "--adopt", VALUE_NONE, NULL, false,                                                        \
            "with --key: the certificate is for that key itself, which only signs the request; "   \
            "good for a first enrolment alone"                                                     \
    }
#define IDEVID_CERTIFICATE                                                                         \
    {                                                                                              \
        "--idevid-certificate", VALUE_FILE, "FILE", false,                                         \
            "proof: the maker's certificate, PEM, leaf first"                                      \
    }
#define IDEVID_KEY                                                                                 \
    {                                                                                              \
        "--idevid-key", VALUE_FILE, "FILE", false, "and its key, PEM"                              \
    }
#define ANEW                                                                                       \
    {                                                                                              \
        "--anew", VALUE_NONE, NULL, false,                                                         \
            "although there is a certificate that is good; the server counts it"                   \
    }
#define SAME_KEY                                                                                   \
    {                                                                                              \
        "--same-key", VALUE_NONE, NULL, false,                                                     \
            "renew without a new key: a copy of this device then goes unnoticed"                   \
    }

#define KEY_TYPE                                                                                   \
    {                                                                                              \
        "--key-type", VALUE_CHOICE, KEY_KIND_CHOICE, false,                                        \
            "of the new key; default: the current one's, else what the server wants (csrattrs)"    \
    }

static const struct option_row enrol_options[] = {
    SERVER,     PRODUCT, ANCHOR,   FINGERPRINT, SERIAL, TOKEN, KEY, ADOPT, IDEVID_CERTIFICATE,
    IDEVID_KEY, ANEW,    KEY_TYPE, {0},
};
static const struct option_row renew_options[] = {
    SERVER, PRODUCT, ANCHOR, FINGERPRINT, SAME_KEY, KEY_TYPE, {0},
};
static const struct option_row run_options[] = {
    SERVER,     PRODUCT,  ANCHOR,   FINGERPRINT, SERIAL, TOKEN, KEY, ADOPT, IDEVID_CERTIFICATE,
    IDEVID_KEY, SAME_KEY, KEY_TYPE, {0},
};

static const struct command commands[] = {
    {"enrol", NULL, "get the first certificate, or one anew, by a proof", enrol_options, false,
     &enrol},
    {"renew", NULL, "renew now, due or not", renew_options, false, &renew},
    {"due", NULL, "say when renewal is due; exit status 0 when it is, 1 when it is not yet", NULL,
     false, &due},
    {"run", NULL, "enrol if need be, then renew whenever it is due; never gives up", run_options,
     false, &run},
    {0},
};

static const struct option_row common[] = {
    {"--state", VALUE_FILE, "FOLDER", false, "keys and certificates (default " DEFAULT_STATE ")"},
    {"--json", VALUE_NONE, NULL, false, "answer as JSON"},
    {0},
};

static const struct option_row exits[] = {
    {"0", VALUE_NONE, NULL, false, "done"},
    {"1", VALUE_NONE, NULL, false, "failed; due: not yet"},
    {"2", VALUE_NONE, NULL, false, "the command line is wrong"},
    {"5", VALUE_NONE, NULL, false, "refused by policy"},
    {"6", VALUE_NONE, NULL, false, "the proof was not accepted"},
    {"8", VALUE_NONE, NULL, false,
     "unreachable, not trusted, busy, or held until an operator admits"},
    {"9", VALUE_NONE, NULL, false, "another agent is at work in that folder"},
    {0},
};

static const struct option_row files[] = {
    {"FOLDER/current/key.pem, certificate.pem", VALUE_NONE, NULL, false,
     "the identity in use: key, and certificate with its issuers; `current` is switched at once"},
    {"FOLDER/next", VALUE_NONE, NULL, false, "key and request that were sent and not answered yet"},
    {"FOLDER/root.pem", VALUE_NONE, NULL, false, "the pinned root"},
    {0},
};

const struct program agent_program = {
    .name = "troth-agent",
    .section = 1,
    .version = TROTH_VERSION,
    .summary = "a device's identity on Linux: enrol, renew, never give up",
    .description =
        "troth-agent keeps a key and a certificate for one device and renews them by EST "
        "(RFC 7030) before they expire, at an instant spread by the certificate's serial "
        "number.\n\n"
        "Nothing secret leaves before the server matched the provisioned anchor or fingerprint. "
        "Key and request are on disk before the request leaves; after a power cut the same request "
        "goes again. A renewal makes a new key unless --same-key says otherwise.",
    .commands = commands,
    .common = common,
    .exits = exits,
    .files = files,
    .see_also = "troth(1), trothd(8)",
};

/* ---- from argv to a verb ----------------------------------------------------------------------
 */

static enum result check_proofs(const struct agent *agent, struct err *err)
{
    int proofs = (agent->token_file != NULL) + (agent->key_file != NULL) +
                 (agent->idevid_certificate != NULL);
    if (proofs > 1)
        return err_set(err, E_USAGE,
                       "%d proofs; wanted one of --token-file, --key, "
                       "--idevid-certificate",
                       proofs);
    if ((agent->idevid_certificate == NULL) != (agent->idevid_key == NULL))
        return err_set(err, E_USAGE, "--idevid-certificate and --idevid-key go together");
    if (agent->key_kind != KEY_NONE && (agent->adopts_key || agent->keeps_key))
        return err_set(err, E_USAGE,
                       "--key-type is for a new key; --adopt and --same-key make none");
    if (agent->adopts_key && agent->key_file == NULL)
        return err_set(err, E_USAGE, "--adopt needs --key");
    if (agent->token_file != NULL && agent->serial == NULL)
        return err_set(err, E_USAGE, "--token-file needs --serial: the token is for one device");
    return OK;
}

/* One of the option's choice. */
static enum key_kind read_key_kind(const struct arguments *args)
{
    const char *name = argument_text(args, "--key-type");
    return name != NULL ? key_kind_named(name) : KEY_NONE;
}

static struct agent read_agent(const struct arguments *args, int64_t build_s)
{
    return (struct agent){
        .server = argument_text(args, "--server"),
        .product = argument_text(args, "--product"),
        .serial = argument_text(args, "--serial"),
        .anchor = argument_text(args, "--anchor"),
        .fingerprint = argument_text(args, "--fingerprint"),
        .token_file = argument_text(args, "--token-file"),
        .key_file = argument_text(args, "--key"),
        .idevid_certificate = argument_text(args, "--idevid-certificate"),
        .idevid_key = argument_text(args, "--idevid-key"),
        .adopts_key = argument_text(args, "--adopt") != NULL,
        .is_anew = argument_text(args, "--anew") != NULL,
        .keeps_key = argument_text(args, "--same-key") != NULL,
        .key_kind = read_key_kind(args),
        .build_s = build_s,
    };
}

static enum result act(const struct arguments *args, int64_t build_s, struct verb_output *output,
                       struct err *err)
{
    struct agent agent = read_agent(args, build_s);
    TRY(check_proofs(&agent, err));
    TRY(crypto_start(err));
    const char *folder = argument_text(args, "--state");
    CLEANUP(state_close) struct state state = {.lock_fd = -1};
    TRY(state_open(folder != NULL ? folder : DEFAULT_STATE, &state, err));
    agent.state = &state;
    output->is_json = argument_text(args, "--json") != NULL;
    const agent_verb *verb = args->command->plan;
    return (*verb)(&agent, output, err);
}

int agent_main(char **argv, int64_t build_s)
{
    if (command_answer(&agent_program, argv, stdout))
        return 0;
    log_open("agent", 2);
    struct arguments args;
    struct verb_output output = {0};
    struct err err = {0};
    enum result result = command_parse(&agent_program, argv, &args, &err);
    if (result == OK)
        result = act(&args, build_s, &output, &err);
    if (result == OK)
        return output.exit_status;
    const struct error_info *info = error_find(err.code);
    fprintf(stderr, "troth-agent: E%d %s: %s\n  %s\n  Next: %s\n", info->code, info->name, err.text,
            info->meaning, info->next);
    return info->exit_status;
}
