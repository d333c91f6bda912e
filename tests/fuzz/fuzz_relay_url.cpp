// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any bytes as a relay URL of each era: the spelling comes back, the meaning does not depend on it, nothing secret is shown.
#include "policy/relay_url.h"
#include "policy/wire_tls.h"
#include "require.h"

#include <algorithm>
#include <array>

using namespace postern;
using namespace postern::policy;
using postern::test::require;

namespace {

bool isOneLine(const QByteArray& text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void check(const QByteArray& text, Era era) {
    const Result<RelayUrl> url = RelayUrl::parse(text, era);
    if (!url) {
        require(!url.error().text.isEmpty() && isOneLine(url.error().text), "an error is one line", url.error().text);
        return;
    }
    require(url->print() == text, "an untouched URL prints as it was", text);
    require(sameMeaning(*url, *url), "a URL means what it means", text);
    require(!url->host().isEmpty(), "a URL has a host", text);
    require(url->meaning().port > 0, "a URL has a port", text);
    const qsizetype colon = url->label().indexOf(':');
    if (colon >= 0)
        require(url->masked().sliced(url->schema().size() + 3).startsWith(url->label().first(colon) + ":***@"),
                "no password is shown", text);
    else if (const auto again = RelayUrl::parse(url->masked(), era); !again || !sameMeaning(*again, *url))
        require(false, "the shown form means the same", text + " shown as " + url->masked());
    RelaySpec spec;
    spec.era = era;
    spec.urls.push_back(*url);
    (void)wireTls(spec, &spec.urls.front());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray text = postern::test::bytesOf(data, size);
    for (const Era era : std::array{Era::Map2012, Era::Legacy, Era::Modern})
        check(text, era);
    return 0;
}
