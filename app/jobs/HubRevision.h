#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

#include <functional>

namespace tagalign::app {

/// A file of a repository, with the hash the hub keeps it under.
struct HubFile
{
    QString path; ///< relative, with '/'
    qint64 bytes = 0;
    QByteArray sha256;  ///< hex, of large files; else empty
    QByteArray gitBlob; ///< hex: SHA-1 of "blob SIZE\0" and the file, of the other ones
};

/// One commit of a repository.
struct HubRevision
{
    QString repository;
    QString commit;
    QString licence; ///< as its page names it; may be empty
    QList<HubFile> files;
};

/// Reads the hub's list of a revision's files. Nothing in it is trusted: paths stay inside a
/// folder, sizes are possible and every file has a hash. @throws model::Error with what is wrong
[[nodiscard]] HubRevision readHubRevision(const QByteArray& text, const QString& repository);

/// Whether a file has the hash that the hub lists. @param onBlock called with the bytes read so
/// far.
/// @throws model::Error if the file cannot be read, and what onBlock throws.
[[nodiscard]] bool hasPromisedHash(const HubFile& file, const QString& path,
                                   const std::function<void(qint64)>& onBlock);

} // namespace tagalign::app
