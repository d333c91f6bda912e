// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/save.h"

namespace postern::config::edits {

Result<void> saveDocument(FileStore& files, const Document& before, const Document& after) {
    const Result<QByteArray> now = files.read(before.file(), 0, kMostBytesPerFile);
    if (!now && now.error().code != ErrorCode::NotFound)
        return now.error();
    if (now && *now != before.bytes())
        return Error{ErrorCode::Busy, before.file() + " was changed by somebody else since it was read; read it again first"};
    return replaceFile(files, after.file(), after.bytes());
}

Result<void> saveSet(FileStore& files, const FileSet& before, const FileSet& after) {
    QByteArrayList written;
    for (const QByteArray& name : after.files()) {
        const auto of = [&name](const FileSet& set) -> DocumentPtr {
            for (const DocumentPtr& document : set.documents()) {
                if (document->file() == name)
                    return document;
            }
            return nullptr;
        };
        const DocumentPtr old = of(before), now = of(after);
        if (!old || old->bytes() == now->bytes())
            continue;
        if (const auto saved = saveDocument(files, *old, *now); !saved) {
            Error error = saved.error();
            if (!written.isEmpty())
                error.text += "; written already: " + written.join(", ");
            return error;
        }
        written.append(name);
    }
    return {};
}

} // namespace postern::config::edits
