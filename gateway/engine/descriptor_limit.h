// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lifts the soft limit of open descriptors to the hard one, so that idle clients do not starve the gateway.
// Thread: once, at start. Platform: descriptor_limit_posix.cpp.
#pragma once

namespace postern::engine {

void raiseDescriptorLimit();

} // namespace postern::engine
