// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a decision costs: 1 000 rules and a table of a million entries. Part of `./dev bench --config`.
#pragma once

namespace postern::bench {

void measureMatch();

} // namespace postern::bench
