#include "app/jobs/JobContext.h"

#include <QCoreApplication>

namespace tagalign::app {

QString JobProgress::count() const
{
    if (total <= 0) {
        return {};
    }
    if (unit == Unit::Bytes) {
        constexpr double kMegabyte = 1e6;
        return QCoreApplication::translate("Progress", "%1 of %2 MB")
            .arg(double(done) / kMegabyte, 0, 'f', total < 100 * qint64(kMegabyte) ? 1 : 0)
            .arg(double(total) / kMegabyte, 0, 'f', total < 100 * qint64(kMegabyte) ? 1 : 0);
    }
    return QStringLiteral("%1/%2").arg(done).arg(total);
}

} // namespace tagalign::app
