#include "app/jobs/TagPrecision.h"

#include "db/TagRepository.h"
#include "model/eval/Interval.h"

#include <QCoreApplication>

#include <array>
#include <limits>

namespace tagalign::app {

namespace {

void count(TagPrecision& row, db::State state)
{
    ++row.pairs;
    row.accepted += state == db::State::Accepted ? 1 : 0;
    row.rejected += state == db::State::Rejected ? 1 : 0;
}

} // namespace

double TagPrecision::share() const
{
    return judged() == 0 ? std::numeric_limits<double>::quiet_NaN()
                         : double(accepted) / double(judged());
}

QString TagPrecision::basis() const
{
    if (judged() == 0) {
        return QCoreApplication::translate("Report", "none of %1 judged yet").arg(pairs);
    }
    return judged() == pairs ? QCoreApplication::translate("Report", "all %1 judged").arg(pairs)
                             : QCoreApplication::translate("Report", "an estimate: %1 of %2 judged")
                                   .arg(judged())
                                   .arg(pairs);
}

QList<TagPrecision> tagPrecision(const db::Database& database)
{
    std::array<TagPrecision, 3> rows;
    rows[0].kind = QStringLiteral("objects");
    rows[1].kind = QStringLiteral("attributes");
    rows[2].kind = QStringLiteral("both");
    for (const db::Candidate& candidate : db::TagRepository(database.connection()).candidates()) {
        count(rows[candidate.kind == db::TagKind::Object ? 0 : 1], candidate.state);
        count(rows[2], candidate.state);
    }
    for (TagPrecision& row : rows) {
        const auto interval = model::eval::wilsonInterval(row.accepted, row.judged());
        row.low = interval.low;
        row.high = interval.high;
    }
    return {rows.begin(), rows.end()};
}

QString precisionTable(const QList<TagPrecision>& rows)
{
    QString table;
    for (const TagPrecision& row : rows) {
        const QString share =
            row.judged() == 0 ? QStringLiteral("-") : QString::number(row.share(), 'f', 4);
        table += QStringLiteral("%1 %2 %3  %4 .. %5  %6\n")
                     .arg(QStringLiteral("tag existence precision"), -26)
                     .arg(row.kind, -11)
                     .arg(share, 8)
                     .arg(row.low, 7, 'f', 4)
                     .arg(row.high, 7, 'f', 4)
                     .arg(row.basis());
    }
    return table.trimmed();
}

} // namespace tagalign::app
