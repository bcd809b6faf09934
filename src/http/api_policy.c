/* Policies: setting one, its versions, and what is in force. */
#include "api_question.h"
#include "api_routes.h"
#include "api_shapes.h"
#include "api_verb.h"

#include <base/limits.h>
#include <trust/check.h>
#include <trust/policy_body.h>

#include <stdio.h>
#include <string.h>

/* ---- setting one ------------------------------------------------------------------------------
 */

#define TEXT_MAX 32 /* octets of a value: an instant has 20 */

/* clang-format off */
static const struct api_field set_fields[] = {
    API_FIELD("product", struct policy_asked, set.product, API_TEXT, .max = LIMIT_NAME),
    API_FIELD("settings", struct policy_asked, settings, API_PAIRS, .required = true, .min = 1, .max = TEXT_MAX),
    API_FIELD("effects", struct policy_asked, effects, API_PAIRS, .required = true, .min = 1, .max = TEXT_MAX),
};
static const struct api_shape set_shape = {set_fields, LENGTH_OF(set_fields)};
/* clang-format on */

static enum result take_setting(void *part, struct bytes name, struct bytes text, struct err *err)
{
    return policy_name_setting(part, name, text, err);
}

static enum result take_effect(void *part, struct bytes name, struct bytes text, struct err *err)
{
    return policy_name_effect(part, name, text, err);
}

/* Its texts as bytes in `space`. */
static enum result finish_policy(struct policy_asked *ask, uint8_t space[LIMIT_POLICY_BYTES],
                                 struct err *err)
{
    struct policy_part part = {0};
    struct buf b = buf_over(space, LIMIT_POLICY_BYTES);
    TRY(api_pairs_walk(ask->settings, take_setting, &part, err));
    TRY(api_pairs_walk(ask->effects, take_effect, &part, err));
    policy_body_write(&part, &b);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "a policy of more than %d octets", LIMIT_POLICY_BYTES);
    ask->set.policy = buf_bytes(&b);
    return OK;
}

static enum result finish_set(const struct request *request, struct asking *asking, struct err *err)
{
    (void)request;
    return finish_policy(&asking->message.policy, asking->policy, err);
}

static const struct verb_plan policy_set = {
    .type = IPC_POLICY_SET,
    .shape = &set_shape,
    .finish = finish_set,
};

void api_policy_set(struct request *request)
{
    api_verb_run(request, &policy_set);
}

/* ---- versions ---------------------------------------------------------------------------------
 */

struct version_view {
    struct msg_policy_row row;
    struct bytes names;
};
struct value_view {
    struct bytes name, value, source, normal, least, most, what;
};

/* clang-format off */
static const struct api_field version_fields[] = {
    API_FIELD("id", struct msg_policy_row, row, API_NUMBER),
    API_FIELD("product", struct msg_policy_row, product, API_TEXT),
    API_FIELD("version", struct msg_policy_row, version, API_NUMBER),
    API_FIELD("in_force", struct msg_policy_row, in_force, API_FLAG),
    API_FIELD("created", struct msg_policy_row, created_s, API_TIME),
    API_FIELD("digest", struct msg_policy_row, digest, API_HASH),
    API_FIELD("says", struct version_view, names, API_TEXT),
};
static const struct api_field setting_fields[] = {
    API_FIELD("setting", struct value_view, name, API_TEXT),
    API_FIELD("value", struct value_view, value, API_TEXT),
    API_FIELD("source", struct value_view, source, API_TEXT),
    API_FIELD("default", struct value_view, normal, API_TEXT),
    API_FIELD("least", struct value_view, least, API_TEXT),
    API_FIELD("most", struct value_view, most, API_TEXT),
    API_FIELD("what", struct value_view, what, API_TEXT),
};
static const struct api_field effect_fields[] = {
    API_FIELD("check", struct value_view, name, API_TEXT),
    API_FIELD("effect", struct value_view, value, API_TEXT),
    API_FIELD("source", struct value_view, source, API_TEXT),
    API_FIELD("default", struct value_view, normal, API_TEXT),
    API_FIELD("title", struct value_view, what, API_TEXT),
};
/* clang-format on */

/* What it names, against nothing: "renew-by 90; TD-25 quarantine". */
static void add_version(struct api_doc *doc, const char *list, const struct msg_policy_row *row)
{
    uint8_t space[LIMIT_POLICY_WORDS];
    struct buf words = buf_over(space, sizeof space);
    const struct policy_part nothing = {0};
    struct policy_part part = {0};
    if (policy_body_read(row->policy, &part))
        policy_put_words(&nothing, &part, &part.values, &words);
    const struct version_view view = {*row, buf_bytes(&words)};
    api_add(doc, list, API_SHAPE(version_fields), &view);
}

static void list_begin(struct api_doc *doc)
{
    api_list(doc, "items");
}

static void list_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_POLICY_ROW)
        add_version(wait->doc, "items", &message->policy_row);
}

static void list_end(struct request *request, struct api_wait *wait, int64_t next)
{
    api_put_next(wait->doc, next);
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan policies = {
    .kind = QUESTION_POLICIES,
    .names = (const char *const[]){"after", "limit", "product", NULL},
    .begin = list_begin,
    .row = list_row,
    .end = list_end,
};

void api_policy_list(struct request *request)
{
    api_question(request, &policies, (struct msg_question){0});
}

/* ---- what is in force -------------------------------------------------------------------------
 */

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

static struct bytes source_word(uint8_t source)
{
    if (source == POLICY_FROM_PRODUCT)
        return bytes_text("product");
    return source == POLICY_FROM_FLEET ? bytes_text("fleet") : bytes_text("default");
}

static void add_setting(struct api_doc *doc, const struct msg_setting_row *row)
{
    const struct policy_row *setting = policy_find(row->number);
    if (setting == NULL)
        return;
    struct policy_text value = policy_value_text(setting, row->value);
    struct policy_text normal = policy_value_text(setting, setting->normal);
    struct policy_text least = policy_value_text(setting, setting->least);
    struct policy_text most = policy_value_text(setting, setting->most);
    const struct value_view view = {
        .name = text_of(setting->word),
        .value = text_of(value.text),
        .source = source_word(row->source),
        .normal = text_of(normal.text),
        .least = text_of(least.text),
        .most = text_of(most.text),
        .what = text_of(setting->what),
    };
    api_add(doc, "settings", API_SHAPE(setting_fields), &view);
}

static void add_effect(struct api_doc *doc, const struct msg_setting_row *row)
{
    const struct check *check = check_find(row->check);
    char number[8];
    if (check == NULL)
        return;
    snprintf(number, sizeof number, "TD-%02d", check->number);
    const struct value_view view = {
        .name = text_of(number),
        .value = text_of(effect_word((enum effect)row->value)),
        .source = source_word(row->source),
        .normal = text_of(effect_word(check->effect)),
        .what = text_of(check->title),
    };
    api_add(doc, "effects", API_SHAPE(effect_fields), &view);
}

static void show_begin(struct api_doc *doc)
{
    api_list(doc, "policies");
    api_list(doc, "settings");
    api_list(doc, "effects");
}

static void show_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_POLICY_ROW)
        add_version(wait->doc, "policies", &message->policy_row);
    else if (message->type == IPC_SETTING_ROW && message->setting_row.number != 0)
        add_setting(wait->doc, &message->setting_row);
    else if (message->type == IPC_SETTING_ROW)
        add_effect(wait->doc, &message->setting_row);
}

static void show_end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan policy = {
    .kind = QUESTION_POLICY,
    .names = (const char *const[]){"product", NULL},
    .begin = show_begin,
    .row = show_row,
    .end = show_end,
};

void api_policy_show(struct request *request)
{
    api_question(request, &policy, (struct msg_question){0});
}

/* ---- what another would change -----------------------------------------------------------------
 */

struct change_view {
    struct bytes name, before, before_source, after, after_source, title;
};
struct trial_view {
    struct msg_trial_row row;
    uint8_t is_sample;
};
struct trial_check_view {
    struct msg_trial_check row;
    struct bytes check, title;
};

/* clang-format off */
static const struct api_field changed_setting_fields[] = {
    API_FIELD("setting", struct change_view, name, API_TEXT),
    API_FIELD("before", struct change_view, before, API_TEXT),
    API_FIELD("before_source", struct change_view, before_source, API_TEXT),
    API_FIELD("after", struct change_view, after, API_TEXT),
    API_FIELD("after_source", struct change_view, after_source, API_TEXT),
};
static const struct api_field changed_effect_fields[] = {
    API_FIELD("check", struct change_view, name, API_TEXT),
    API_FIELD("title", struct change_view, title, API_TEXT),
    API_FIELD("before", struct change_view, before, API_TEXT),
    API_FIELD("before_source", struct change_view, before_source, API_TEXT),
    API_FIELD("after", struct change_view, after, API_TEXT),
    API_FIELD("after_source", struct change_view, after_source, API_TEXT),
};
static const struct api_field trial_fields[] = {
    API_FIELD("devices", struct msg_trial_row, devices, API_NUMBER),
    API_FIELD("judged", struct msg_trial_row, judged, API_NUMBER),
    API_FIELD("sample", struct trial_view, is_sample, API_FLAG),
    API_FIELD("changed", struct msg_trial_row, touched, API_NUMBER),
    API_FIELD("refused", struct msg_trial_row, refused, API_NUMBER),
    API_FIELD("quarantined", struct msg_trial_row, quarantined, API_NUMBER),
    API_FIELD("held", struct msg_trial_row, held, API_NUMBER),
};
static const struct api_field trial_check_fields[] = {
    API_FIELD("check", struct trial_check_view, check, API_TEXT),
    API_FIELD("title", struct trial_check_view, title, API_TEXT),
    API_FIELD("opens", struct msg_trial_check, opens, API_NUMBER),
    API_FIELD("closes", struct msg_trial_check, closes, API_NUMBER),
};
/* clang-format on */

static void diff_begin(struct api_doc *doc)
{
    api_list(doc, "settings");
    api_list(doc, "effects");
    api_section(doc, "trial");
    api_list(doc, "checks");
}

static void add_changed_setting(struct api_doc *doc, const struct msg_policy_change *row)
{
    const struct policy_row *setting = policy_find(row->number);
    if (setting == NULL)
        return;
    struct policy_text before = policy_value_text(setting, row->before);
    struct policy_text after = policy_value_text(setting, row->after);
    const struct change_view view = {
        .name = text_of(setting->word),
        .before = text_of(before.text),
        .before_source = source_word(row->before_source),
        .after = text_of(after.text),
        .after_source = source_word(row->after_source),
    };
    api_add(doc, "settings", API_SHAPE(changed_setting_fields), &view);
}

static void add_changed_effect(struct api_doc *doc, const struct msg_policy_change *row)
{
    const struct check *check = check_find(row->check);
    char number[8];
    if (check == NULL)
        return;
    snprintf(number, sizeof number, "TD-%02d", check->number);
    const struct change_view view = {
        .name = text_of(number),
        .title = text_of(check->title),
        .before = text_of(effect_word((enum effect)row->before)),
        .before_source = source_word(row->before_source),
        .after = text_of(effect_word((enum effect)row->after)),
        .after_source = source_word(row->after_source),
    };
    api_add(doc, "effects", API_SHAPE(changed_effect_fields), &view);
}

static void add_trial_check(struct api_doc *doc, const struct msg_trial_check *row)
{
    const struct check *check = check_find(row->check);
    char number[8];
    if (check == NULL)
        return;
    snprintf(number, sizeof number, "TD-%02d", check->number);
    const struct trial_check_view view = {*row, text_of(number), text_of(check->title)};
    api_add(doc, "checks", API_SHAPE(trial_check_fields), &view);
}

static void diff_row(struct api_wait *wait, const struct ipc_message *message)
{
    const struct msg_trial_row *trial = &message->trial_row;
    if (message->type == IPC_POLICY_CHANGE && message->policy_change.number != 0)
        add_changed_setting(wait->doc, &message->policy_change);
    else if (message->type == IPC_POLICY_CHANGE)
        add_changed_effect(wait->doc, &message->policy_change);
    else if (message->type == IPC_TRIAL_CHECK)
        add_trial_check(wait->doc, &message->trial_check);
    else if (message->type == IPC_TRIAL_ROW)
        api_put(wait->doc, "trial", API_SHAPE(trial_fields),
                &(struct trial_view){*trial, trial->judged < trial->devices});
}

static const struct plan diff = {
    .kind = QUESTION_POLICY_DIFF,
    .names = (const char *const[]){NULL},
    .begin = diff_begin,
    .row = diff_row,
    .end = show_end,
};

/* A question with a body: a policy is too long for an address. */
void api_policy_diff(struct request *request)
{
    CLEANUP(api_body_freep) struct api_body *body = NULL;
    struct policy_asked ask = {0};
    uint8_t space[LIMIT_POLICY_BYTES];
    struct err err = {0};
    enum result result = api_read(request_view(request)->body, set_shape, &ask, &body, &err);
    if (result == OK)
        result = finish_policy(&ask, space, &err);
    if (result != OK) {
        request_refuse(request, &err);
        return;
    }
    api_question(request, &diff,
                 (struct msg_question){.product = ask.set.product, .policy = ask.set.policy});
}
