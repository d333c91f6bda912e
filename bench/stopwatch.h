// SPDX-License-Identifier: GPL-3.0-or-later
//
// Times a piece of work some rounds long and prints median and best beside the goal. Processor time, so that what else the
// machine does counts little; the work must be of one thread. Tells, never fails: no figure is an error.
#pragma once

#include <QByteArray>

#include <functional>

namespace postern::bench {

// Runs `work` that often, one line on standard output; `each` divides the time when one round does the work several times.
void measure(const char* what, double goalMilliseconds, int rounds, int each, const std::function<void()>& work);

void heading(const QByteArray& text);

} // namespace postern::bench
