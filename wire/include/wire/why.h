// Reasons for people: each place that fails a reader says which rule was broken. A device that has
// nobody to read them puts wire/small in front of its include path, whose why.h leaves them out.
#pragma once

#define reader_fail(r, why) reader_fail_because(r, why)
