# mmcomp run configs/wechat/recipe_best.py
# recipe.py without its defects: five folds, no checkpoint chosen on the rows that judge, masked means, the same test
# frames each time, students of each fold on pseudo labels of its own teachers, weights and boost found out of fold.
# Score: not measured at full size. Hardware: as recipe.py, five times as long. Data and weights as recipe.py.
_base_ = ['./recipe.py']
title = 'WeChat videos: five folds, students, weights and boost out of fold'
score = 'mmcomp.competitions.wechat.scoring:SCORE'
folds = dict(fold=[0, 1, 2, 3, 4])
pairs = dict(member=['single', 'double'], **folds)
members = dict(member=['single', 'double', 'student'])
every = dict(**members, **folds)
on_labeled = dict(test_dataloader=dict(dataset=_base_.files['labeled']))
# No validation: with the averages of the last checkpoints nothing is chosen on the held-back fold.
saved = dict(default_hooks=dict(checkpoint=dict(save_best=None)), **_base_.fine_tuning)
pupils = dict(default_hooks=dict(checkpoint=dict(save_best=None)), **_base_.with_pseudo)
defaults = dict(Train=dict(_delete_=True, amp=True), Soup=dict(last=8))
stages = dict(
    _delete_=True,
    lists=_base_.stages['lists'], features=_base_.stages['features'],
    split=dict(type='Split', ann='@lists.labeled', folds=5, fold='{fold}', seed=2022, matrix=folds),
    single_pretrain=_base_.stages['single_pretrain'],
    double_pretrain=dict(type='Pretrain', config='double-pretrain.py', options=_base_.corpora),
    single=dict(type='Train', config='single-fixed.py', ann='@split.train', start='@single_pretrain.weights',
                options=saved, matrix=folds),
    double=dict(type='Train', config='double-fixed.py', ann='@split.train', start='@double_pretrain.weights',
                options=saved, matrix=folds),
    single_soup=dict(type='Soup', model='@single', matrix=folds),
    double_soup=dict(type='Soup', model='@double', matrix=folds),
    teacher=dict(type='Predict', model='@{member}_soup', ann='@lists.unlabeled', half=True,
                 options=_base_.on_unlabeled, matrix=pairs),
    teachers=dict(type='Ensemble', tables='@teacher', matrix=folds),
    # Both must say the same class; none gives more than the mean of the classes.
    pseudo=dict(type='PseudoLabel', table='@teachers', members='@teacher', ann='@split.train', threshold=0.5,
                min_agreement=1.0, balanced=True, prefix='', matrix=folds),
    pupil=dict(type='Train', config='single-fixed.py', ann='@pseudo', start='@single_pretrain.weights',
               options=pupils, matrix=folds),
    student=dict(type='Train', config='single-fixed.py', ann='@split.train', start='@pupil.weights', options=dict(
        model=dict(init_cfg=dict(subtrees=['encoders', 'fusion', 'head'])), **saved), matrix=folds),
    student_soup=dict(type='Soup', model='@student', matrix=folds),
    held=dict(type='Predict', model='@{member}_soup', ann='@split.val', options=on_labeled, matrix=every),
    test=dict(type='Predict', model='@{member}_soup', ann='@lists.test', matrix=every),
    # One table a member: each labeled video by the fold that held it back; each test video by the mean of the folds.
    oof=dict(type='Ensemble', tables='@held', partial=True, matrix=members),
    mean=dict(type='Ensemble', tables='@test', matrix=members),
    weights=dict(type='Weigh', tables='@oof', ann='@lists.labeled', search='simplex', metric=score),
    fused_oof=dict(type='Ensemble', tables='@oof', shares='@weights'),
    fused=dict(type='Ensemble', tables='@mean', shares='@weights'),
    boost=dict(type='Boost', table='@fused', ann='@lists.labeled', judge='@fused_oof', metric=score),
    boost_oof=dict(type='Boost', table='@fused_oof', ann='@lists.labeled', judge='@fused_oof', metric=score),
    result=dict(type='WeChatResult', predictions='@boost', test='@lists.test'),
    score=dict(type='Score', truth='@lists.labeled', classes='@lists.classes', metric=score, steps={
        'single stream': '@oof[member=single]', 'double stream': '@oof[member=double]',
        'student of both': '@oof[member=student]', 'fused': '@fused_oof', 'rare classes raised': '@boost_oof'}))
