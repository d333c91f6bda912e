// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names without a domain in the value of an address field: "To: petra" on this computer means petra here.
//
// Only inserts "@domain" behind such a name; folding, comments, display names and groups stay as they are. What does not
// read as an address list, or would get a line longer than mail may have, is left whole.
// Thread: values. Spec: RFC 5322 §3.4, §2.1.1; RFC 6409 §8.1.
#pragma once

#include <QByteArray>

#include <optional>

namespace postern::smtp {

// `value`: what stands behind the colon, folded as it came. Nothing if there is nothing to add.
std::optional<QByteArray> withDomains(QByteArrayView value, const QByteArray& domain);

} // namespace postern::smtp
