// SPDX-License-Identifier: GPL-3.0-or-later
//
// Carries out one order, as the user this process has become. Nothing here is called with rights that are not his.
//
// Thread: the only one of its process. Failure: a report that says Later; what was begun is taken back. Delivered is only said
// when the disk has it. Spec: qmail's maildir rules; mail.local; threats M03 to M07, M11, M12.
#pragma once

#include "mda/content.h"

namespace postern::mda {

// Before becoming the user, as root: the mail folder's group, or an empty mailbox made for him where only root may write.
struct MailFolder {
    std::optional<std::int64_t> group; // needed for the dot lock
    std::string trouble;
};
MailFolder prepareMailFolder(const Order& order);

// Root becomes the user for good, with his groups; everybody else must be him already. "" = done; else why not.
std::string become(const Order& order, std::optional<std::int64_t> alsoGroup);

// How long others may hold a mailbox.
struct Patience {
    int lockMs = 30'000;
    int staleLockMs = 300'000; // a dot lock that old belongs to nobody any more
};

Report deliverToMbox(const Order& order, Content& content, const Patience& patience = {}); // Mailbox and File
Report deliverToMaildir(const Order& order, Content& content);
Report runCommand(const Order& order, Content& content, int input); // input: what content reads from

// "4.2.2 /home/ann/Maildir/tmp: Disk quota exceeded", the code by what is wrong.
Report failed(const std::string& what, int error);

} // namespace postern::mda
