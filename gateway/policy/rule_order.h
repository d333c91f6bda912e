// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which rules no recipient ever gets to, because one single earlier rule takes all that they ask for.
//
// Never a false alarm: an earlier rule covers a later one only if each of its conditions is certain wherever the later
// rule's hold (any, the same test, a list inside a list, an address inside a network, "from socket" inside "from local" ...).
// What two earlier rules take together is not found, nor what would cost more than kMostEffort comparisons.
// Thread: pure functions over immutable values.
#pragma once

#include "policy/ruleset.h"

namespace postern::policy {

inline constexpr qint64 kMostEffort = 1'000'000; // conditions and table entries compared for one ruleset

struct Unreached {
    size_t rule; // index into Ruleset::rules
    size_t by;   // the first rule that takes everything which `rule` would; `rule` itself: its own words exclude everybody
};

// In file order; two rules of one statement are not held against each other.
std::vector<Unreached> unreachedRules(const Ruleset& rules);

bool takesEverything(const Rule& rule); // a catch-all: nothing in it excludes anybody

} // namespace postern::policy
