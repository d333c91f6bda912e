// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a table file of a million entries costs: to read, to hold, to ask. Part of `./dev bench --config`.
#pragma once

namespace postern::bench {

void measureTables();

} // namespace postern::bench
