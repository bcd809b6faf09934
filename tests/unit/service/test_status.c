/* What boundaries will hold: followed commit by commit, it equals what the rows say. */
#include "fixture.h"

#include <service/status.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
    struct fixture *f;
    struct status_image image;
};

static void read_all(struct fixture *f, struct status_image *ret)
{
    CLEANUP(status_scan_free) struct status_scan scan = {0};
    bool is_done = false;
    assert_ok(status_scan_begin(&f->service, &scan, ret, f->now_s, &f->err));
    while (!is_done)
        assert_ok(status_scan_step(&f->service, &scan, ret, &is_done, &f->err));
}

static int set_up(void **state)
{
    void *fixture = NULL;
    struct scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL || fixture_set_up(&fixture) != 0)
        return -1;
    scene->f = fixture;
    read_all(scene->f, &scene->image);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    void *fixture = scene->f;
    status_image_free(&scene->image);
    free(scene);
    return fixture_tear_down(&fixture);
}

static void follow(struct scene *scene)
{
    struct fixture *f = scene->f;
    assert_false(f->service.touched.is_lost);
    assert_ok(status_take(&f->service, &scene->image, f->now_s, &f->err));
}

static void check_equals_the_rows(struct scene *scene)
{
    struct status_image anew = {0};
    follow(scene);
    read_all(scene->f, &anew);
    assert_int_equal(anew.n, scene->image.n);
    for (size_t i = 0; i < anew.n; i++) {
        const struct status_shard *a = &anew.shards[i], *b = &scene->image.shards[i];
        assert_true(status_space_is(a->space, b->space));
        assert_int_equal(a->high, b->high);
        assert_memory_equal(a->octets, b->octets, status_octets(a->high));
    }
    status_image_free(&anew);
}

/* -1: there is no such index. */
static int status_of(struct scene *scene, const uint8_t serial[16])
{
    struct certificate row = certificate_row(scene->f, serial);
    struct status_space space =
        status_space_of((uint32_t)row.issuer, (uint8_t)row.class, row.number);
    follow(scene);
    for (size_t i = 0; i < scene->image.n; i++) {
        const struct status_shard *shard = &scene->image.shards[i];
        uint32_t index = row.number % STATUS_SHARD_SIZE;
        if (status_space_is(shard->space, space) && index < shard->high)
            return (int)status_at(shard->octets, index);
    }
    return -1;
}

static void a_certificate_is_there_from_its_commit_on_and_not_before(void **state)
{
    struct scene *scene = *state;
    struct asker key = asker(1);
    assert_int_equal(scene->image.n, 0);
    struct got got = enrolled_device(scene->f, 1, &key);
    assert_int_equal(status_of(scene, got.serial), STATUS_VALID);
    assert_int_equal(scene->image.n, 1);
    assert_int_equal(scene->image.shards[0].high, certificate_row(scene->f, got.serial).number + 1);
    check_equals_the_rows(scene);
}

static void each_verb_says_what_the_design_says(void **state)
{
    struct scene *scene = *state;
    struct fixture *f = scene->f;
    struct asker key[6];
    struct got got[6];
    for (unsigned i = 1; i < 6; i++) {
        key[i] = asker(i);
        got[i] = active_device(f, i, &key[i]);
        assert_int_equal(status_of(scene, got[i].serial), STATUS_VALID);
    }
    assert_ok(set_device(f, 1, VERB_QUARANTINE));
    assert_int_equal(status_of(scene, got[1].serial), STATUS_SUSPENDED);
    assert_ok(set_device(f, 1, VERB_READMIT));
    assert_int_equal(status_of(scene, got[1].serial), STATUS_VALID);
    assert_ok(set_device(f, 2, VERB_LOST));
    assert_int_equal(status_of(scene, got[2].serial), STATUS_INVALID);
    assert_ok(set_device(f, 3, VERB_RETIRE));
    assert_int_equal(status_of(scene, got[3].serial), STATUS_INVALID);
    check_equals_the_rows(scene);

    struct asker next = asker(44);
    struct msg_enrol ask = ask_renew(f, got[4].serial, &key[4], &next);
    struct got renewed = enrol(f, &ask);
    assert_int_equal(renewed.code, 0);
    assert_int_equal(status_of(scene, got[4].serial), STATUS_VALID); /* not proven yet */
    assert_int_equal(status_of(scene, renewed.serial), STATUS_VALID);
    use(f, renewed.serial);
    assert_int_equal(status_of(scene, got[4].serial), STATUS_SUPERSEDED);
    assert_int_equal(status_of(scene, renewed.serial), STATUS_VALID);
    check_equals_the_rows(scene);
}

static void what_was_undone_was_never_there(void **state)
{
    struct scene *scene = *state;
    struct fixture *f = scene->f;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    follow(scene);
    begin(f);
    struct device device = device_row(f, 1);
    service_act(&f->service, EVENT_DEVICE_QUARANTINED, f->now_s, (struct actor){ACTOR_CORE, 0},
                device.id);
    change_int(service_change_device(&f->service, &device), COL_DEVICE_STATE, STATE_QUARANTINED);
    assert_ok(service_record(&f->service, NULL, &f->err));
    assert_true(f->service.touched.n > 0);
    roll_back(f);
    assert_int_equal(status_of(scene, got.serial), STATUS_VALID);
    check_equals_the_rows(scene);
}

static void a_class_that_has_ended_is_dropped(void **state)
{
    struct scene *scene = *state;
    struct asker key = asker(1);
    (void)active_device(scene->f, 1, &key);
    follow(scene);
    assert_int_equal(scene->image.n, 1);
    int64_t end_s = serial_class_end_s(scene->image.shards[0].space.expiry_class);
    scene->f->now_s = end_s - 1;
    follow(scene);
    assert_int_equal(scene->image.n, 1);
    scene->f->now_s = end_s;
    follow(scene);
    assert_int_equal(scene->image.n, 0);
}

/* As a restore makes them leap: whatever a lost journal signed there is refused. */
static void numbers_that_were_passed_over_are_invalid(void **state)
{
    struct scene *scene = *state;
    struct fixture *f = scene->f;
    struct asker key = asker(1);
    const uint32_t floor = STATUS_SHARD_SIZE + 3;
    begin(f);
    assert_ok(store_put_meta(f->store, SERVICE_META_FLOOR, floor, &f->err));
    commit(f);
    struct got got = enrolled_device(f, 1, &key);
    assert_int_equal(certificate_row(f, got.serial).number, floor);
    assert_int_equal(status_of(scene, got.serial), STATUS_VALID);
    assert_int_equal(scene->image.n, 1); /* and a shard that is not there refuses */
    const struct status_shard *shard = &scene->image.shards[0];
    assert_int_equal(shard->space.shard, 1);
    assert_int_equal(shard->high, 4);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(status_at(shard->octets, i), STATUS_INVALID);
    check_equals_the_rows(scene);
}

static void many_devices_give_one_shard_with_a_mark(void **state)
{
    struct scene *scene = *state;
    struct fixture *f = scene->f;
    for (unsigned i = 1; i <= 300; i++) {
        struct asker key = asker(i);
        (void)enrolled_device(f, i, &key);
        if (i % 7 == 0)
            assert_ok(set_device(f, i, VERB_REVOKE));
    }
    follow(scene);
    assert_int_equal(scene->image.n, 1);
    assert_int_equal(scene->image.shards[0].high, 300);
    int ended = 0;
    for (uint32_t i = 0; i < 300; i++)
        ended += status_at(scene->image.shards[0].octets, i) == STATUS_INVALID;
    assert_int_equal(ended, 300 / 7);
    check_equals_the_rows(scene);
}

/* Whoever never looks, as a tool that makes a fleet, keeps no more than that. */
static void too_much_between_two_looks_is_read_anew(void **state)
{
    struct scene *scene = *state;
    struct fixture *f = scene->f;
    struct asker key = asker(1);
    struct got got = active_device(f, 1, &key);
    struct device device = device_row(f, 1);
    for (int64_t i = 0; i <= STATUS_TOUCHED_MAX; i++)
        status_note_device(&f->service, device.id + i % 2);
    assert_true(f->service.touched.is_lost);
    assert_int_equal(f->service.touched.max, STATUS_TOUCHED_MAX);
    read_all(f, &scene->image);
    assert_false(f->service.touched.is_lost);
    assert_int_equal(status_of(scene, got.serial), STATUS_VALID);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_certificate_is_there_from_its_commit_on_and_not_before),
        CASE(each_verb_says_what_the_design_says),
        CASE(what_was_undone_was_never_there),
        CASE(a_class_that_has_ended_is_dropped),
        CASE(numbers_that_were_passed_over_are_invalid),
        CASE(many_devices_give_one_shard_with_a_mark),
        CASE(too_much_between_two_looks_is_read_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
