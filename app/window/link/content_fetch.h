// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message's content, fetched from the gateway piece by piece: no single answer is large.
// Thread: the GUI thread. Failure: what came so far is dropped, the gateway's sentence is in `error`.
#pragma once

#include "window/link/gateway_link.h"

#include <functional>

namespace postern::window {

struct FetchedContent {
    QByteArray bytes;
    qint64 size = 0; // of the whole content
    QString error;   // "" if it came
    bool isTruncated() const { return bytes.size() < size; }
};

// At most `most` octets from the beginning. Nothing is called once `receiver` is gone.
void fetchContent(GatewayLink& link, const QString& id, qint64 most, QObject* receiver,
                  std::function<void(const FetchedContent&)> done);

} // namespace postern::window
