// SPDX-License-Identifier: GPL-3.0-or-later
//
// The accounts and files of this computer, for whoever asks where mail for a user ends.
//
// Thread: any that may wait: accounts may come from a server, files from a network.
// Spec: reference page on behaviour, .forward; threat M08.
#pragma once

#include "delivery/expand.h"

namespace postern::delivery {

Surroundings systemSurroundings();

// Nothing: there is none of that name. Error: the system could not say.
Result<std::optional<LocalUser>> systemAccount(const QByteArray& name);

LocalUser ownAccount(); // who runs this process; "uid N" if that has no account

// An :include: file, at most 1 MiB.
Result<QByteArray> readIncludeFile(const QByteArray& path);

// ~/.forward, read as the user where we are root, so that it shows us nothing that he may not see. It counts if it is a
// regular file of the user or of root that only its owner may write, in a home of which the same is true; else the log says
// why it is passed over. Error (mail waits): a home with the sticky bit, a file of 4096 octets or more, a file that is there
// but cannot be read.
Result<std::optional<QByteArray>> readForwardFile(const LocalUser& user);

} // namespace postern::delivery
