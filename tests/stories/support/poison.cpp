// SPDX-License-Identifier: GPL-3.0-or-later
//
// Loaded into a gateway by a story (LD_PRELOAD): the program breaks down while it sends a content that holds the word below,
// as if that content had found a fault in it.
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/uio.h>

extern "C" ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
    static const char kWord[] = "X-Deadly: yes";
    for (size_t i = 0; i < message->msg_iovlen; ++i)
        if (::memmem(message->msg_iov[i].iov_base, message->msg_iov[i].iov_len, kWord, sizeof kWord - 1))
            std::abort();
    using Send = ssize_t (*)(int, const msghdr*, int);
    static const auto send = reinterpret_cast<Send>(::dlsym(RTLD_NEXT, "sendmsg"));
    return send(descriptor, message, flags);
}
